//! From `ssl.*` to [`Tls`]: authorities, client certificate, versions.
//!
//! Java's names with the type PEM, and librdkafka's: PEM in a file, or as the value. Java's own key stores are refused, with
//! the commands that convert them to PEM.

use std::path::Path;

use milena_connection::Shown;
use milena_connection::tls::Tls;
use secrecy::{ExposeSecret, SecretString};

use crate::config::settings::TlsSettings;
use crate::error::ConfigError;

impl TlsSettings {
    /// TLS with these settings.
    pub(super) fn effective(&self) -> Result<Tls, ConfigError> {
        let tls = self.trust(Tls::new())?;
        let tls = self.certificate(tls)?.versions(self.versions.unwrap_or_default());
        match (self.any_host_name == Some(true), self.names_unchecked == Some(true)) {
            (true, _) => Ok(tls.danger_accept_any_host_name()),
            (false, false) => Ok(tls),
            (false, true) => Err(ConfigError::new(
                "ssl.endpoint.identification.algorithm",
                "`ssl.endpoint.identification.algorithm` is empty: the owner of any certificate of a trusted authority \
                 could pose as a broker; write `https`, or set `danger.accept.any.host.name` to `true` as well",
            )),
        }
    }

    fn trust(&self, tls: Tls) -> Result<Tls, ConfigError> {
        let store = Store {
            name: "truststore",
            kind: self.truststore_type.as_deref(),
            file: self.authorities_file.as_deref(),
            password: self.truststore_password.is_some(),
        };
        store.check(self.authorities_pem.as_ref().map(|_| "ssl.truststore.certificates"))?;
        Ok(match (&self.authorities_file, &self.authorities_pem) {
            // librdkafka's word for the system's authorities.
            (Some(file), _) if **file == *Path::new("probe") => tls,
            (Some(file), _) => tls.ca_file(&**file),
            (None, Some(pem)) => tls.ca_pem(on_lines(pem)),
            (None, None) => tls,
        })
    }

    fn certificate(&self, mut tls: Tls) -> Result<Tls, ConfigError> {
        let store = Store {
            name: "keystore",
            kind: self.keystore_type.as_deref(),
            file: self.certificate_file.as_deref(),
            password: self.keystore_password.is_some(),
        };
        store.check(self.certificate_pem.as_ref().map(|_| "ssl.keystore.certificate.chain"))?;
        self.check_pairs()?;
        if let Some(file) = &self.certificate_file {
            tls = tls.certificate_file(&**file);
        }
        if let Some(pem) = &self.certificate_pem {
            tls = tls.certificate_pem(on_lines(pem));
        }
        if let Some(file) = &self.key_file {
            tls = tls.key_file(&**file);
        }
        if let Some(pem) = &self.key_pem {
            tls = tls.key_pem(on_lines(pem));
        }
        if let Some(password) = &self.key_password {
            tls = tls.key_password(password.clone());
        }
        Ok(tls)
    }

    /// A key needs a certificate, and is set once.
    fn check_pairs(&self) -> Result<(), ConfigError> {
        let certificate = self.certificate_file.is_some() || self.certificate_pem.is_some();
        let key = match (&self.key_file, &self.key_pem) {
            (Some(_), Some(_)) => return Err(both("ssl.key.location", "ssl.keystore.key")),
            (Some(_), None) => "ssl.key.location",
            (None, Some(_)) => "ssl.keystore.key",
            (None, None) => return Ok(()),
        };
        if certificate {
            return Ok(());
        }
        Err(ConfigError::new(
            key,
            format!(
                "`{key}` is a key without a certificate: name it with `ssl.keystore.certificate.chain` (PEM text) or \
                 `ssl.certificate.location` (a PEM file)"
            ),
        ))
    }
}

/// A PEM document whose line ends may be the two letters `\n`, as from shells and from JSON.
pub(super) fn on_lines(pem: &SecretString) -> String {
    pem.expose_secret().replace("\\n", "\n")
}

/// One of Java's stores: its type, its file, and whether it has a password.
struct Store<'a> {
    name: &'static str,
    kind: Option<&'a str>,
    file: Option<&'a Path>,
    password: bool,
}

impl Store<'_> {
    /// Rejects stores that are no PEM, and a file beside the property `inline` with the same as text.
    fn check(&self, inline: Option<&str>) -> Result<(), ConfigError> {
        let location = format!("ssl.{}.location", self.name);
        let Some(file) = self.file else { return Ok(()) };
        if let Some(inline) = inline {
            return Err(both(&location, inline));
        }
        match self.kind {
            Some(kind) if kind.eq_ignore_ascii_case("PEM") => {}
            // Java's default is JKS, and librdkafka's stores are PKCS#12; both have a password.
            None if !self.password && !names_a_store(file) => return Ok(()),
            kind => return Err(self.not_pem(&location, file, kind)),
        }
        if self.password {
            let name = format!("ssl.{}.password", self.name);
            let message = format!(
                "`{name}` is set, and a PEM file has no such password: leave it out; the password of an encrypted \
                 key is `ssl.key.password`"
            );
            return Err(ConfigError::new(name, message));
        }
        Ok(())
    }

    fn not_pem(&self, location: &str, file: &Path, kind: Option<&str>) -> ConfigError {
        let file = file.to_string_lossy();
        let (file, kind) = (Shown(&file), Shown(kind.unwrap_or("JKS or PKCS12")));
        let (convert, pem) = match self.name {
            "truststore" => (format!("keytool -list -rfc -keystore {file} > ca.pem"), "ca.pem"),
            _ => {
                let store = format!("keytool -importkeystore -srckeystore {file} -destkeystore client.p12");
                let convert = "openssl pkcs12 -in client.p12 -aes256 -out client.pem";
                (format!("{store} -deststoretype PKCS12 && {convert}"), "client.pem")
            }
        };
        let name = self.name;
        let fault = format!(
            " is a store of type {kind}, and only PEM is read: convert it with `{convert}`, then write `{location}` = `{pem}`, \
             `ssl.{name}.type` = `PEM`, and no `ssl.{name}.password`"
        );
        ConfigError::of_value(location, file, &fault)
    }
}

/// Whether a file has the name of one of Java's stores.
fn names_a_store(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default();
    ["jks", "p12", "pfx", "pkcs12", "bcfks"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn both(one: &str, other: &str) -> ConfigError {
    ConfigError::new(one, format!("`{one}` and `{other}` are both set: leave one of them out"))
}
