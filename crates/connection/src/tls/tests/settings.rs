//! Invalid settings: each is an error with the file and the remedy.

use std::fs;
use std::sync::Arc;

use super::peer::{Network, TIMEOUT, path, pem, trusting};
use crate::tls::{StoreKind, Tls, TlsConnector, TlsPart, TlsSetupError, TlsSetupFault as Fault};

/// The error of invalid settings.
fn fault(tls: &Tls) -> TlsSetupError {
    let network = Network::of(|_| async {});
    TlsConnector::new(network, tls, TIMEOUT).map(|_| ()).unwrap_err()
}

/// Checks that the error of the settings contains all of `parts`, and no secret.
#[track_caller]
fn check_rejected(tls: &Tls, part: TlsPart, parts: &[&str]) {
    let error = fault(tls);
    let text = error.to_string();
    assert_eq!(error.part, part, "{text}");
    for expected in parts {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
    for shown in [text, format!("{error:?}"), format!("{tls:?}")] {
        assert!(
            !shown.contains("changeit") && !shown.contains("sesame") && !shown.contains("MII"),
            "{shown}"
        );
    }
}

/// The client's certificate with the key in a file.
fn key_file(name: &str) -> Tls {
    trusting().certificate_file(path("client-rsa.pem")).key_file(path(name))
}

#[test]
fn missing_empty_or_invalid_file_is_reported() {
    let folder = Folder::new();
    let empty = folder.file("empty.pem", " \n\t\n");
    let prose = folder.file("prose.pem", "The certificate is in the other file.\n");
    let cut = folder.file("cut.pem", &pem("ca.pem")[..200]);
    let broken = folder.file("broken.pem", &pem("ca.pem").replacen("MII", "M?I", 1));
    for (file, fault) in [
        ("no/such/file.pem", "cannot be read"),
        (folder.path.as_str(), "cannot be read"),
        (empty.as_str(), "is empty"),
        (prose.as_str(), "is not PEM"),
        (cut.as_str(), "has a damaged `CERTIFICATE`"),
        (broken.as_str(), "has a damaged `CERTIFICATE`"),
    ] {
        check_rejected(&Tls::new().ca_file(file), TlsPart::Authorities, &[file, fault]);
        check_rejected(&trusting().certificate_file(file), TlsPart::Certificate, &[file, fault]);
        let key = trusting().certificate_file(path("client-rsa.pem")).key_file(file);
        check_rejected(&key, TlsPart::Key, &[file, fault]);
    }
}

#[test]
fn text_setting_is_not_shown_in_its_error() {
    check_rejected(&Tls::new().ca_pem(""), TlsPart::Authorities, &["the text given as authorities is empty"]);
    let key = pem("client-ec-pkcs8.pem");
    check_rejected(&Tls::new().ca_pem(key), TlsPart::Authorities, &["no `CERTIFICATE`, only `PRIVATE KEY`"]);
}

#[test]
fn file_above_the_size_limit_is_rejected() {
    let folder = Folder::new();
    let large = folder.file("large.pem", &"x".repeat(crate::tls::pem::PEM_BYTES_MAX + 1));
    check_rejected(&Tls::new().ca_file(&large), TlsPart::Authorities, &["is larger than 8388608 bytes"]);
}

#[test]
fn missing_pem_part_is_reported_with_the_present_ones() {
    let key = path("client-ec-pkcs8.pem");
    check_rejected(
        &trusting().certificate_file(&key),
        TlsPart::Certificate,
        &[&key, "no `CERTIFICATE`, only `PRIVATE KEY`"],
    );
    let certificate = path("client-ec.pem");
    check_rejected(
        &trusting().certificate_file(&certificate),
        TlsPart::Key,
        &[&certificate, "no private key, only `CERTIFICATE`", "`ssl.key.location`"],
    );
    check_rejected(&trusting().key_file(&key), TlsPart::Key, &[&key, "has no certificate: set"]);
}

#[test]
fn invalid_certificate_is_reported() {
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    check_rejected(&Tls::new().ca_pem(nonsense), TlsPart::Authorities, &["has an invalid certificate"]);
    let tls = trusting().certificate_pem(nonsense).key_file(path("client-ec-pkcs8.pem"));
    check_rejected(&tls, TlsPart::Certificate, &["has an invalid certificate"]);
}

#[test]
fn key_of_another_certificate_is_reported() {
    let key = path("client-ec-pkcs8.pem");
    check_rejected(&key_file("client-ec-pkcs8.pem"), TlsPart::Key, &[&key, "the key of another certificate"]);
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn missing_or_wrong_password_is_reported() {
    for name in ["client-rsa-encrypted.pem", "client-rsa-scrypt.pem"] {
        check_rejected(&key_file(name), TlsPart::Key, &[name, "has an encrypted key", "`ssl.key.password`"]);
        let wrong = key_file(name).key_password("sesame");
        check_rejected(
            &wrong,
            TlsPart::Key,
            &[name, "cannot be decrypted with the password", "`ssl.key.password`"],
        );
    }
}

#[cfg(not(feature = "encrypted-keys"))]
#[test]
fn encrypted_key_without_the_feature_is_an_error_that_names_the_feature() {
    for name in ["client-rsa-encrypted.pem", "client-rsa-scrypt.pem"] {
        let feature = "turn on the feature `encrypted-keys` of the crate `milena`";
        let command = format!("openssl pkey -in {} -out ", path(name));
        for tls in [key_file(name), key_file(name).key_password("changeit")] {
            check_rejected(&tls, TlsPart::Key, &[name, "has an encrypted key", feature, &command]);
        }
    }
}

#[test]
fn legacy_encryption_is_reported_with_the_conversion_command() {
    let tls = key_file("client-rsa-legacy.pem").key_password("changeit");
    let command = "openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in ";
    check_rejected(&tls, TlsPart::Key, &["legacy encryption", command, "client-rsa-legacy-pkcs8.pem"]);
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn key_with_expensive_derivation_is_rejected() {
    // PBKDF2 with 2 048 rounds is `02 02 08 00`; one more byte makes it 16 777 216 and more.
    let key = Bytes::of("client-rsa-encrypted.pem").replaced(&[2, 2, 8, 0], &[2, 4, 0x7f, 0, 0, 0]);
    let tls = trusting().certificate_file(path("client-rsa.pem")).key_pem(key).key_password("changeit");
    check_rejected(&tls, TlsPart::Key, &["2130706432 rounds of PBKDF2, the limit is 10000000"]);
    // scrypt with N = 16 384, r = 8, p = 1.
    let key = Bytes::of("client-rsa-scrypt.pem").replaced(&[2, 2, 0x40, 0], &[2, 4, 0x40, 0, 0, 0]);
    let tls = trusting().certificate_file(path("client-rsa.pem")).key_pem(key).key_password("changeit");
    check_rejected(&tls, TlsPart::Key, &["bytes of scrypt, the limit is 134217728"]);
}

#[test]
fn key_store_is_reported_with_the_conversion_command() {
    let p12 = path("client.p12");
    let jks = path("client.jks");
    let tls = trusting().certificate_file(&p12).key_password("changeit");
    let command = format!("openssl pkcs12 -in {p12} -aes256 -out ");
    check_rejected(&tls, TlsPart::Certificate, &["is a PKCS#12 store", &command, "client.pem"]);
    let tls = trusting().certificate_file(&jks);
    let command = format!("keytool -importkeystore -srcstoretype JKS -srckeystore {jks}");
    check_rejected(&tls, TlsPart::Certificate, &["is a Java key store (JKS)", &command, "client.pem"]);
    let command = format!("openssl pkcs12 -in {p12} -nokeys -out ");
    check_rejected(&Tls::new().ca_file(&p12), TlsPart::Authorities, &[&command]);
    let command = format!("keytool -list -rfc -storetype JKS -keystore {jks} > ");
    check_rejected(&Tls::new().ca_file(&jks), TlsPart::Authorities, &[&command]);
}

#[test]
fn der_certificates_and_keys_are_recognised() {
    let folder = Folder::new();
    for (name, expected) in [
        ("ca.pem", StoreKind::DerCertificate),
        ("client-rsa.pem", StoreKind::DerCertificate),
        ("client-rsa-pkcs8.pem", StoreKind::DerKey),
        ("client-rsa-pkcs1.pem", StoreKind::DerKey),
        ("client-ec-sec1.pem", StoreKind::DerKey),
        ("client-rsa-encrypted.pem", StoreKind::DerKey),
    ] {
        let file = folder.bytes("it's DER.crt", &Bytes::of(name).0);
        let error = fault(&Tls::new().ca_file(&file));
        assert!(matches!(error.fault, Fault::Store(kind) if kind == expected), "{name}: {error}");
        // The command is quoted for a shell.
        assert!(error.to_string().contains(r"it'\''s DER.crt' -out '"), "{error}");
    }
    let jceks = folder.bytes("old.jceks", &[0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2]);
    check_rejected(&Tls::new().ca_file(jceks), TlsPart::Authorities, &["(JCEKS)", "-storetype JCEKS"]);
    // Indefinite lengths, as Windows writes them.
    let pfx = folder.bytes("windows.pfx", &[0x30, 0x80, 2, 1, 3, 0x30, 0x80]);
    check_rejected(&Tls::new().ca_file(pfx), TlsPart::Authorities, &["PKCS#12"]);
}

#[test]
fn debug_shows_no_secret() {
    let key =
        if cfg!(feature = "encrypted-keys") { "client-rsa-encrypted.pem" } else { "client-rsa-pkcs8.pem" };
    let tls = trusting().certificate_pem(pem("client-rsa.pem")).key_pem(pem(key)).key_password("changeit");
    let connector = TlsConnector::new(Network::of(|_| async {}), &tls, TIMEOUT).unwrap();
    for shown in [format!("{tls:?}"), format!("{connector:?}")] {
        assert!(!shown.contains("changeit") && !shown.contains("MII"), "{shown}");
    }
    let live = Arc::new(crate::tls::reload::Live::new(tls).unwrap());
    let shown = format!("{live:?}");
    assert!(!shown.contains("changeit") && !shown.contains("MII"), "{shown}");
}

/// The bytes of the one part of a PEM file.
struct Bytes(Vec<u8>);

impl Bytes {
    fn of(name: &str) -> Self {
        let text = pem(name);
        let parts = crate::tls::pem::parts(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
        Self(parts[0].der.to_vec())
    }

    /// PEM of an encrypted key with replaced numbers. The lengths of the sequences around them are corrected.
    #[cfg(feature = "encrypted-keys")]
    fn replaced(mut self, from: &[u8], to: &[u8]) -> String {
        use base64::Engine;
        let at = self.0.windows(from.len()).position(|window| window == from).expect("the numbers are there");
        let more = u8::try_from(to.len() - from.len()).unwrap();
        // The sequences around the numbers: the outermost has a length of two bytes, the others of one byte.
        let mut begin = 0;
        while begin < at {
            match self.0[begin..] {
                [0x30, 0x82, _, low, ..] => {
                    self.0[begin + 3] = low + more;
                    begin += 4;
                }
                [0x30, length, ..] if begin + 2 + usize::from(length) > at => {
                    self.0[begin + 1] = length + more;
                    begin += 2;
                }
                [_, length, ..] => begin += 2 + usize::from(length),
                _ => panic!("no DER"),
            }
        }
        self.0.splice(at..at + from.len(), to.iter().copied());
        let text = base64::engine::general_purpose::STANDARD.encode(&self.0);
        format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{text}\n-----END ENCRYPTED PRIVATE KEY-----\n")
    }
}

/// A temporary folder, removed at the end of the test.
struct Folder {
    path: String,
    _folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().to_str().unwrap().to_owned(), _folder: folder }
    }

    fn file(&self, name: &str, text: &str) -> String {
        self.bytes(name, text.as_bytes())
    }

    fn bytes(&self, name: &str, bytes: &[u8]) -> String {
        let path = format!("{}/{name}", self.path);
        fs::write(&path, bytes).unwrap();
        path
    }
}
