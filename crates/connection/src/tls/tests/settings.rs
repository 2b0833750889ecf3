//! Settings that cannot be: each is an error that names the file and what to do.

use std::fs;
use std::sync::Arc;

use super::peer::{Network, TIMEOUT, path, pem, trusting};
use crate::tls::{StoreKind, Tls, TlsConnector, TlsPart, TlsSetupError, TlsSetupFault as Fault};

/// What is wrong with settings.
fn fault(tls: &Tls) -> TlsSetupError {
    let network = Network::of(|_| async {});
    TlsConnector::new(network, tls, TIMEOUT).map(|_| ()).unwrap_err()
}

/// Tells that the settings are an error with all of `parts` in its text, and without a secret.
#[track_caller]
fn refused(tls: &Tls, part: TlsPart, parts: &[&str]) {
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
fn a_file_that_is_missing_or_empty_or_no_pem_is_named() {
    let folder = Folder::new();
    let empty = folder.file("empty.pem", " \n\t\n");
    let prose = folder.file("prose.pem", "The certificate is in the other file.\n");
    let cut = folder.file("cut.pem", &pem("ca.pem")[..200]);
    let broken = folder.file("broken.pem", &pem("ca.pem").replacen("MII", "M?I", 1));
    for (file, what) in [
        ("no/such/file.pem", "cannot be read"),
        (folder.path.as_str(), "cannot be read"),
        (empty.as_str(), "is empty"),
        (prose.as_str(), "is no PEM"),
        (cut.as_str(), "has a damaged `CERTIFICATE`"),
        (broken.as_str(), "has a damaged `CERTIFICATE`"),
    ] {
        refused(&Tls::new().ca_file(file), TlsPart::Authorities, &[file, what]);
        refused(&trusting().certificate_file(file), TlsPart::Certificate, &[file, what]);
        let key = trusting().certificate_file(path("client-rsa.pem")).key_file(file);
        refused(&key, TlsPart::Key, &[file, what]);
    }
}

#[test]
fn what_is_given_as_text_is_not_shown() {
    refused(&Tls::new().ca_pem(""), TlsPart::Authorities, &["the text given as authorities is empty"]);
    let key = pem("client-ec-pkcs8.pem");
    refused(&Tls::new().ca_pem(key), TlsPart::Authorities, &["no `CERTIFICATE`, only `PRIVATE KEY`"]);
}

#[test]
fn a_file_that_no_list_of_certificates_is_as_large_as_is_not_read_to_its_end() {
    let folder = Folder::new();
    let large = folder.file("large.pem", &"x".repeat(crate::tls::pem::PEM_BYTES_MAX + 1));
    refused(&Tls::new().ca_file(&large), TlsPart::Authorities, &["is larger than 8388608 bytes"]);
}

#[test]
fn parts_that_are_missing_are_told_by_what_is_there() {
    let key = path("client-ec-pkcs8.pem");
    refused(
        &trusting().certificate_file(&key),
        TlsPart::Certificate,
        &[&key, "no `CERTIFICATE`, only `PRIVATE KEY`"],
    );
    let certificate = path("client-ec.pem");
    refused(
        &trusting().certificate_file(&certificate),
        TlsPart::Key,
        &[&certificate, "no private key, only `CERTIFICATE`", "`ssl.key.location`"],
    );
    refused(&trusting().key_file(&key), TlsPart::Key, &[&key, "has no certificate to it"]);
}

#[test]
fn a_certificate_of_nonsense_is_told() {
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    refused(&Tls::new().ca_pem(nonsense), TlsPart::Authorities, &["a certificate that is not understood"]);
    let tls = trusting().certificate_pem(nonsense).key_file(path("client-ec-pkcs8.pem"));
    refused(&tls, TlsPart::Certificate, &["a certificate that is not understood"]);
}

#[test]
fn a_key_that_is_another_certificates_is_told() {
    let key = path("client-ec-pkcs8.pem");
    refused(&key_file("client-ec-pkcs8.pem"), TlsPart::Key, &[&key, "the key of another certificate"]);
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn a_password_that_is_missing_or_wrong_is_told() {
    for name in ["client-rsa-encrypted.pem", "client-rsa-scrypt.pem"] {
        refused(&key_file(name), TlsPart::Key, &[name, "under a password", "`ssl.key.password`"]);
        let wrong = key_file(name).key_password("sesame");
        refused(&wrong, TlsPart::Key, &[name, "not opened by the password", "`ssl.key.password`"]);
    }
}

#[cfg(not(feature = "encrypted-keys"))]
#[test]
fn without_the_feature_an_encrypted_key_is_an_error_that_names_the_feature() {
    for name in ["client-rsa-encrypted.pem", "client-rsa-scrypt.pem"] {
        let feature = "turn on the feature `encrypted-keys` of the crate `milena`";
        let command = format!("openssl pkey -in {} -out ", path(name));
        for tls in [key_file(name), key_file(name).key_password("changeit")] {
            refused(&tls, TlsPart::Key, &[name, "holds an encrypted key", feature, &command]);
        }
    }
}

#[test]
fn a_key_encrypted_in_the_old_way_comes_with_the_command_that_converts_it() {
    let tls = key_file("client-rsa-legacy.pem").key_password("changeit");
    let command = "openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in ";
    refused(&tls, TlsPart::Key, &["old OpenSSL", command, "client-rsa-legacy-pkcs8.pem"]);
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn a_key_that_asks_for_endless_work_is_not_opened() {
    // PBKDF2 with 2 048 rounds is `02 02 08 00`; one more byte makes it 16 777 216 and more.
    let key = Bytes::of("client-rsa-encrypted.pem").replaced(&[2, 2, 8, 0], &[2, 4, 0x7f, 0, 0, 0]);
    let tls = trusting().certificate_file(path("client-rsa.pem")).key_pem(key).key_password("changeit");
    refused(&tls, TlsPart::Key, &["2130706432 rounds of PBKDF2, the limit is 10000000"]);
    // scrypt with N = 16 384, r = 8, p = 1.
    let key = Bytes::of("client-rsa-scrypt.pem").replaced(&[2, 2, 0x40, 0], &[2, 4, 0x40, 0, 0, 0]);
    let tls = trusting().certificate_file(path("client-rsa.pem")).key_pem(key).key_password("changeit");
    refused(&tls, TlsPart::Key, &["bytes of scrypt, the limit is 134217728"]);
}

#[test]
fn stores_are_recognised_and_come_with_the_command_that_converts_them() {
    let p12 = path("client.p12");
    let jks = path("client.jks");
    let tls = trusting().certificate_file(&p12).key_password("changeit");
    let command = format!("openssl pkcs12 -in {p12} -aes256 -out ");
    refused(&tls, TlsPart::Certificate, &["is a PKCS#12 store", &command, "client.pem"]);
    let tls = trusting().certificate_file(&jks);
    let command = format!("keytool -importkeystore -srcstoretype JKS -srckeystore {jks}");
    refused(&tls, TlsPart::Certificate, &["is a Java key store (JKS)", &command, "client.pem"]);
    let command = format!("openssl pkcs12 -in {p12} -nokeys -out ");
    refused(&Tls::new().ca_file(&p12), TlsPart::Authorities, &[&command]);
    let command = format!("keytool -list -rfc -storetype JKS -keystore {jks} > ");
    refused(&Tls::new().ca_file(&jks), TlsPart::Authorities, &[&command]);
}

#[test]
fn certificates_and_keys_without_pem_around_them_are_recognised() {
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
        // A shell takes the command as it stands.
        assert!(error.to_string().contains(r"it'\''s DER.crt' -out '"), "{error}");
    }
    let jceks = folder.bytes("old.jceks", &[0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2]);
    refused(&Tls::new().ca_file(jceks), TlsPart::Authorities, &["(JCEKS)", "-storetype JCEKS"]);
    // Without lengths, as Windows writes it.
    let pfx = folder.bytes("windows.pfx", &[0x30, 0x80, 2, 1, 3, 0x30, 0x80]);
    refused(&Tls::new().ca_file(pfx), TlsPart::Authorities, &["PKCS#12"]);
}

#[test]
fn nothing_secret_is_in_what_is_printed() {
    let key =
        if cfg!(feature = "encrypted-keys") { "client-rsa-encrypted.pem" } else { "client-rsa-pkcs8.pem" };
    let tls = trusting().certificate_pem(pem("client-rsa.pem")).key_pem(pem(key)).key_password("changeit");
    let connector = TlsConnector::new(Network::of(|_| async {}), &tls, TIMEOUT).unwrap();
    for shown in [format!("{tls:?}"), format!("{connector:?}"), format!("{:?}", tls.settings())] {
        assert!(!shown.contains("changeit") && !shown.contains("MII"), "{shown}");
    }
    let live = Arc::new(crate::tls::reload::Live::new(tls.settings()).unwrap());
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

    /// PEM of an encrypted key, with other numbers in it. The lengths around them are corrected.
    #[cfg(feature = "encrypted-keys")]
    fn replaced(mut self, from: &[u8], to: &[u8]) -> String {
        use base64::Engine;
        let at = self.0.windows(from.len()).position(|window| window == from).expect("the numbers are there");
        let more = u8::try_from(to.len() - from.len()).unwrap();
        // The sequences around it: the outermost with a length of two bytes, the others with one of one byte.
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

/// A folder that goes with the test.
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
