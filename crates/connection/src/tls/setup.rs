//! Settings of TLS that cannot be: which part, where it came from, what is wrong with it, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Settings of TLS that cannot be used: with which part, from where, and why. Nothing secret is in it.
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
    /// Which of the settings.
    pub part: TlsPart,
    /// The file that it came from, or `[hidden]` if that may be a secret; none for what was given as text.
    pub path: Option<PathBuf>,
    /// What is wrong.
    pub fault: TlsSetupFault,
}

/// A part of the settings of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsPart {
    /// Whom to trust.
    Authorities,
    /// The certificate that is shown to a broker.
    Certificate,
    /// The key of that certificate.
    Key,
    /// The cryptography, and whatever is not one of the others.
    Cryptography,
}

/// What is wrong with settings of TLS.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsSetupFault {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// Larger than any list of certificates.
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// PEM text was given where the path of a file is expected.
    TextAsPath,
    /// Nothing but blanks.
    Empty,
    /// No `BEGIN` line, and no other format that is known.
    NoPem,
    /// A part that began does not end, or is no base64.
    BadPem {
        /// The label of the part, as in `CERTIFICATE`.
        label: String,
    },
    /// A store of Java's or Windows', which has to be converted.
    Store(StoreKind),
    /// PEM without a certificate.
    NoCertificate {
        /// What is there instead.
        found: Vec<String>,
    },
    /// PEM without a private key.
    NoKey {
        /// What is there instead.
        found: Vec<String>,
    },
    /// A key without a certificate to show.
    KeyAlone,
    /// A certificate that is not understood.
    BadCertificate(String),
    /// The key is encrypted, and the build cannot decrypt it: the feature `encrypted-keys` is off.
    EncryptedKeysOff,
    /// The key needs a password, and there is none.
    PasswordMissing,
    /// The password does not open the key.
    PasswordWrong,
    /// The key is encrypted in the way of old OpenSSL.
    LegacyEncryption,
    /// The key is encrypted in a way that is not known here.
    UnknownEncryption,
    /// To open the key would take more work or memory than is done for anybody.
    TooExpensive {
        /// What the file asks for.
        asked: String,
    },
    /// Of a kind that the cryptography does not know.
    KeyRefused(String),
    /// The key belongs to another certificate.
    KeyMismatch,
    /// The system trusts nobody.
    NoSystemAuthorities(String),
    /// The system's own verifier cannot leave the host name out.
    NameIsAlwaysChecked,
    /// The processor lacks what the cryptography needs.
    Processor,
    /// No cryptography was built in.
    NoProvider,
    /// Versions and cipher suites that do not fit together.
    NothingToSpeak(String),
}

/// A format that keeps certificates and keys, and is no PEM.
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
        self.say(f)
    }
}

impl TlsSetupError {
    /// The part of the sentence behind its subject.
    fn say(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use TlsSetupFault as Fault;
        match &self.fault {
            Fault::Unreadable(error) => {
                write!(f, "cannot be read ({error}): check the path and who may read it")
            }
            Fault::TooLarge { limit } => {
                write!(f, "is larger than {limit} bytes: give a PEM file with certificates or a key")
            }
            Fault::TextAsPath => {
                write!(f, "is PEM text, and the path of a file is expected: {}", self.as_text())
            }
            Fault::Empty => f.write_str("is empty: it must be PEM, with `-----BEGIN …-----` in it"),
            Fault::NoPem => f.write_str("is no PEM: there is no `-----BEGIN …-----` in it; give it as PEM"),
            Fault::BadPem { label } => {
                write!(
                    f,
                    "has a damaged `{}`: base64 has to stand between BEGIN and END",
                    label.escape_debug()
                )
            }
            Fault::Store(kind) => {
                write!(f, "is {kind}, and PEM is needed; convert it with: {}", self.conversion(*kind))
            }
            Fault::NoCertificate { found } => {
                write!(f, "holds no `CERTIFICATE`, only {}: give the file with the certificates", list(found))
            }
            Fault::NoKey { found } => write!(f, "holds no private key, only {}: {NAME_THE_KEY}", list(found)),
            Fault::KeyAlone => f.write_str("has no certificate to it: give the certificate of the key too"),
            Fault::BadCertificate(why) => {
                write!(f, "holds a certificate that is not understood ({why}): export it anew")
            }
            Fault::EncryptedKeysOff => {
                write!(f, "holds an encrypted key, {NO_ENCRYPTED_KEYS}: {}", self.decryption())
            }
            Fault::PasswordMissing => f.write_str("holds a key under a password: set `ssl.key.password`"),
            Fault::PasswordWrong => {
                f.write_str("is not opened by the password that was given: check `ssl.key.password`")
            }
            Fault::LegacyEncryption => write!(
                f,
                "holds a key that is encrypted in the way of old OpenSSL, which is weak; convert it with: {}",
                self.encrypt_anew()
            ),
            Fault::UnknownEncryption => write!(
                f,
                "holds a key that is encrypted in a way that is not supported; convert it with: {}",
                self.encrypt_anew()
            ),
            Fault::TooExpensive { asked } => write!(
                f,
                "holds a key that takes too much work to open ({asked}); convert it with: {}",
                self.encrypt_anew()
            ),
            Fault::KeyRefused(why) => write!(f, "holds a key that cannot be used ({why}): {KEYS_THAT_CAN}"),
            Fault::KeyMismatch => f.write_str(KEY_MISMATCH),
            Fault::NoSystemAuthorities(why) => {
                write!(f, "the system has no authorities to trust ({why}): {NAME_THE_AUTHORITY}")
            }
            Fault::NameIsAlwaysChecked => f.write_str(NAME_IS_ALWAYS_CHECKED),
            Fault::Processor => f.write_str(PROCESSOR),
            Fault::NoProvider => f.write_str(NO_PROVIDER),
            Fault::NothingToSpeak(why) => {
                write!(
                    f,
                    "the versions that may be spoken have no cipher suite ({why}): allow another version"
                )
            }
        }
    }

    /// The settings that take the part as PEM text.
    const fn as_text(&self) -> &'static str {
        match self.part {
            TlsPart::Authorities => "give it as `ssl.truststore.certificates` or to `Tls::ca_pem`",
            TlsPart::Key => "give it as `ssl.keystore.key` or to `Tls::key_pem`",
            _ => "give it as `ssl.keystore.certificate.chain` or to `Tls::certificate_pem`",
        }
    }

    /// The command that makes PEM of a store.
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

    /// The command that encrypts a key in the way that is supported.
    fn encrypt_anew(&self) -> String {
        let (from, to) = self.file_names("-pkcs8", "pem");
        format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in {from} -out {to}")
    }

    /// The command that writes a key without a password.
    fn decryption(&self) -> String {
        let (from, to) = self.file_names("-decrypted", "pem");
        format!("openssl pkey -in {from} -out {to}")
    }

    /// The file as a shell takes it, and one beside it with another name.
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

/// Quotes a path for a shell, where it needs that.
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

const NAME_THE_KEY: &str = "name the file of the key (`ssl.key.location`, `Tls::key_file`)";
const NO_ENCRYPTED_KEYS: &str = "and this build cannot decrypt it: turn on the feature `encrypted-keys` of the crate \
     `milena`, or decrypt the key with";
const KEYS_THAT_CAN: &str = "RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519 can";
const KEY_MISMATCH: &str =
    "holds the key of another certificate: give the key and the certificate of one pair";
const NAME_THE_AUTHORITY: &str = "install them (`ca-certificates`), or name the authority of the brokers \
     (`ssl.truststore.location`, `ssl.ca.location`, `Tls::ca_file`)";
const NAME_IS_ALWAYS_CHECKED: &str = "what this system trusts comes with a check of the host name: name the \
     authority of the brokers (`Tls::ca_file`) if any host name shall do";
const PROCESSOR: &str = "this processor lacks instructions that the built-in cryptography needs (on x86-64 AES, \
     PCLMULQDQ, BMI1, ADX, AVX and AVX2, on aarch64 AES, PMULL and SHA-2): build with the feature `tls-ring` or \
     `tls-aws-lc`, or bring a `rustls::ClientConfig` (`Tls::client_config`)";
const NO_PROVIDER: &str = "no cryptography was built in: build with the feature `tls-graviola` (on x86-64 and \
     aarch64), `tls-ring` or `tls-aws-lc`, or bring a provider (`Tls::crypto_provider`)";

impl std::error::Error for TlsSetupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            TlsSetupFault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}
