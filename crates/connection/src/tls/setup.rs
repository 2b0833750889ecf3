//! Errors of the TLS settings: the part, its file, the fault, and the remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Invalid TLS settings. The error holds no secret.
///
/// ```
/// use milena_connection::tls::{Tls, TlsConnector, TlsPart};
/// # use milena_connection::transport::Tcp;
/// # use std::{sync::Arc, time::Duration};
/// let tls = Tls::new().ca_file("no/such/ca.pem");
/// let error = TlsConnector::new(Arc::new(Tcp::default()), &tls, Duration::from_secs(10)).unwrap_err();
/// assert_eq!(error.part, TlsPart::Authorities);
/// assert!(error.to_string().starts_with("TLS: `no/such/ca.pem` (authorities) cannot be read"));
/// ```
#[derive(Debug)]
pub struct TlsSetupError {
    /// The invalid part of the settings.
    pub part: TlsPart,
    /// The file of the part, or `[hidden]` if the path may be a secret; none for a part that was set as text.
    pub path: Option<PathBuf>,
    /// The fault.
    pub fault: TlsSetupFault,
}

/// A part of the TLS settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsPart {
    /// The trusted authorities.
    Authorities,
    /// The client certificate.
    Certificate,
    /// The key of the client certificate.
    Key,
    /// The cryptography, and every other setting.
    Cryptography,
}

/// A fault of the TLS settings.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsSetupFault {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// Larger than any list of certificates.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// PEM text in the place of a file path.
    TextAsPath,
    /// Only whitespace.
    Empty,
    /// No `BEGIN` line, and no other known format.
    NoPem,
    /// A PEM part without an end, or with invalid base64.
    BadPem {
        /// The label of the part, as in `CERTIFICATE`.
        label: String,
    },
    /// A key store of Java or Windows, which must be converted.
    Store(StoreKind),
    /// PEM without a certificate.
    NoCertificate {
        /// The labels of the PEM parts that are present.
        found: Vec<String>,
    },
    /// PEM without a private key.
    NoKey {
        /// The labels of the PEM parts that are present.
        found: Vec<String>,
    },
    /// A key without a certificate.
    KeyAlone,
    /// A certificate that cannot be parsed.
    BadCertificate(String),
    /// An encrypted key, in a build that cannot decrypt it: the feature `encrypted-keys` is off.
    EncryptedKeysOff,
    /// An encrypted key without a password.
    PasswordMissing,
    /// A wrong password of the key.
    PasswordWrong,
    /// A key in OpenSSL's legacy encryption.
    LegacyEncryption,
    /// A key in an unsupported encryption.
    UnknownEncryption,
    /// A key whose decryption exceeds the bounds of work or memory.
    TooExpensive {
        /// The work that the file requires, and its limit.
        work: String,
    },
    /// A key of a type that the cryptography does not support.
    KeyRefused(String),
    /// A key of another certificate.
    KeyMismatch,
    /// The system has no trusted authorities.
    NoSystemAuthorities(String),
    /// The verifier of the system always checks the host name.
    NameIsAlwaysChecked,
    /// The processor lacks instructions that the cryptography needs.
    Processor,
    /// No cryptography was built in.
    NoProvider,
    /// No cipher suite for the allowed versions.
    NothingToSpeak(String),
}

/// A format of certificates and keys other than PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreKind {
    /// PKCS#12, as in `.p12` and `.pfx`.
    Pkcs12,
    /// Java's key store.
    Jks,
    /// Java's key store with stronger encryption.
    Jceks,
    /// A certificate without PEM around it.
    DerCertificate,
    /// A key without PEM around it.
    DerKey,
}

impl TlsSetupError {
    pub(super) fn cryptography(fault: TlsSetupFault) -> Self {
        Self { part: TlsPart::Cryptography, path: None, fault }
    }
}

impl fmt::Display for TlsPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorities => "authorities",
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::Cryptography => "cryptography",
        })
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 => "a PKCS#12 store",
            Self::Jks => "a Java key store (JKS)",
            Self::Jceks => "a Java key store (JCEKS)",
            Self::DerCertificate => "a certificate in DER",
            Self::DerKey => "a key in DER",
        })
    }
}

impl fmt::Display for TlsSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TLS: ")?;
        match &self.path {
            Some(path) => write!(f, "`{}` ({}) ", path.display().to_string().escape_debug(), self.part)?,
            None if self.part == TlsPart::Cryptography => {}
            None => write!(f, "the text given as {} ", self.part)?,
        }
        self.predicate(f)
    }
}

impl TlsSetupError {
    /// The part of the message behind its subject.
    fn predicate(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use TlsSetupFault as Fault;
        match &self.fault {
            Fault::Unreadable(error) => {
                write!(f, "cannot be read ({error}): check the path and its permissions")
            }
            Fault::TooLarge { limit } => {
                write!(f, "is larger than {limit} bytes: give a PEM file with certificates or a key")
            }
            Fault::TextAsPath => {
                write!(f, "is PEM text in the place of a file path: {}", self.as_text())
            }
            Fault::Empty => f.write_str("is empty: PEM is expected, with a `-----BEGIN …-----` line"),
            Fault::NoPem => f.write_str("is not PEM: it has no `-----BEGIN …-----`; convert it to PEM"),
            Fault::BadPem { label } => {
                write!(
                    f,
                    "has a damaged `{}`: base64 is expected between BEGIN and END",
                    label.escape_debug()
                )
            }
            Fault::Store(kind) => {
                write!(f, "is {kind}, not PEM; convert it with: {}", self.conversion(*kind))
            }
            Fault::NoCertificate { found } => {
                write!(f, "has no `CERTIFICATE`, only {}: set the file with the certificates", list(found))
            }
            Fault::NoKey { found } => write!(f, "has no private key, only {}: {NAME_THE_KEY}", list(found)),
            Fault::KeyAlone => f.write_str("has no certificate: set the certificate of the key too"),
            Fault::BadCertificate(why) => {
                write!(f, "has an invalid certificate ({why}): export it again")
            }
            Fault::EncryptedKeysOff => {
                write!(f, "has an encrypted key, {NO_ENCRYPTED_KEYS}: {}", self.decryption())
            }
            Fault::PasswordMissing => f.write_str("has an encrypted key: set `ssl.key.password`"),
            Fault::PasswordWrong => {
                f.write_str("cannot be decrypted with the password: check `ssl.key.password`")
            }
            Fault::LegacyEncryption => write!(
                f,
                "has a key in OpenSSL's legacy encryption, which is weak; convert it with: {}",
                self.re_encryption()
            ),
            Fault::UnknownEncryption => {
                write!(f, "has a key in an unsupported encryption; convert it with: {}", self.re_encryption())
            }
            Fault::TooExpensive { work } => write!(
                f,
                "has a key that is too expensive to decrypt ({work}); convert it with: {}",
                self.re_encryption()
            ),
            Fault::KeyRefused(why) => write!(f, "has an unsupported key ({why}): {SUPPORTED_KEYS}"),
            Fault::KeyMismatch => f.write_str(KEY_MISMATCH),
            Fault::NoSystemAuthorities(why) => {
                write!(f, "the system has no trusted authorities ({why}): {NAME_THE_AUTHORITY}")
            }
            Fault::NameIsAlwaysChecked => f.write_str(NAME_IS_ALWAYS_CHECKED),
            Fault::Processor => f.write_str(PROCESSOR),
            Fault::NoProvider => f.write_str(NO_PROVIDER),
            Fault::NothingToSpeak(why) => {
                write!(f, "the allowed TLS versions have no cipher suite ({why}): allow another version")
            }
        }
    }

    /// The settings for the part as PEM text.
    const fn as_text(&self) -> &'static str {
        match self.part {
            TlsPart::Authorities => "give it as `ssl.truststore.certificates` or to `Tls::ca_pem`",
            TlsPart::Key => "give it as `ssl.keystore.key` or to `Tls::key_pem`",
            _ => "give it as `ssl.keystore.certificate.chain` or to `Tls::certificate_pem`",
        }
    }

    /// The command that converts a store to PEM.
    fn conversion(&self, kind: StoreKind) -> String {
        let (from, to) = self.file_names("", "pem");
        let java = if kind == StoreKind::Jceks { "JCEKS" } else { "JKS" };
        let p12 = self.file_names("", "p12").1;
        // A store of authorities has no key to keep secret.
        let public = self.part == TlsPart::Authorities;
        match kind {
            StoreKind::Pkcs12 if public => format!("openssl pkcs12 -in {from} -nokeys -out {to}"),
            StoreKind::Pkcs12 => format!("openssl pkcs12 -in {from} -aes256 -out {to}"),
            StoreKind::Jks | StoreKind::Jceks if public => {
                format!("keytool -list -rfc -storetype {java} -keystore {from} > {to}")
            }
            StoreKind::Jks | StoreKind::Jceks => format!(
                "keytool -importkeystore -srcstoretype {java} -srckeystore {from} -deststoretype PKCS12 \
                 -destkeystore {p12} && openssl pkcs12 -in {p12} -aes256 -out {to}"
            ),
            StoreKind::DerCertificate => format!("openssl x509 -inform der -in {from} -out {to}"),
            StoreKind::DerKey => format!("openssl pkey -inform der -in {from} -out {to}"),
        }
    }

    /// The command that encrypts a key in a supported way.
    fn re_encryption(&self) -> String {
        let (from, to) = self.file_names("-pkcs8", "pem");
        format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in {from} -out {to}")
    }

    /// The command that writes the key without a password.
    fn decryption(&self) -> String {
        let (from, to) = self.file_names("-decrypted", "pem");
        format!("openssl pkey -in {from} -out {to}")
    }

    /// The file, quoted for a shell, and one beside it with another name.
    fn file_names(&self, suffix: &str, extension: &str) -> (String, String) {
        let from = self.path.as_deref().unwrap_or_else(|| Path::new("FILE"));
        let stem = from.file_stem().unwrap_or_default().to_string_lossy();
        let mut to = from.with_file_name(format!("{stem}{suffix}.{extension}"));
        if to == from {
            to = from.with_file_name(format!("{stem}{suffix}-new.{extension}"));
        }
        (quoted(from), quoted(&to))
    }
}

/// Quotes a path for a shell, if necessary.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+@:,".contains(char);
    match path.chars().all(plain) {
        true => path.into_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

fn list(found: &[String]) -> String {
    let found: Vec<_> = found.iter().map(|label| format!("`{}`", label.escape_debug())).collect();
    found.join(", ")
}

const NAME_THE_KEY: &str = "set the file of the key (`ssl.key.location`, `Tls::key_file`)";
const NO_ENCRYPTED_KEYS: &str = "and this build cannot decrypt it: turn on the feature `encrypted-keys` of the crate \
     `milena`, or decrypt the key with";
const SUPPORTED_KEYS: &str = "supported are RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519";
const KEY_MISMATCH: &str = "has the key of another certificate: set the key and the certificate of one pair";
const NAME_THE_AUTHORITY: &str = "install them (`ca-certificates`), or set the authority of the brokers \
     (`ssl.truststore.location`, `ssl.ca.location`, `Tls::ca_file`)";
const NAME_IS_ALWAYS_CHECKED: &str = "the authorities of this system include a check of the host name: set the \
     authority of the brokers (`Tls::ca_file`) to disable host name verification";
const PROCESSOR: &str = "this processor lacks instructions that the built-in cryptography needs (on x86-64 AES, \
     PCLMULQDQ, BMI1, ADX, AVX and AVX2, on aarch64 AES, PMULL and SHA-2): build with the feature `tls-ring` or \
     `tls-aws-lc`, or set a `rustls::ClientConfig` (`Tls::client_config`)";
const NO_PROVIDER: &str = "no cryptography is built in: build with the feature `tls-graviola` (on x86-64 and \
     aarch64), `tls-ring` or `tls-aws-lc`, or set a provider (`Tls::crypto_provider`)";

impl std::error::Error for TlsSetupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            TlsSetupFault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}
