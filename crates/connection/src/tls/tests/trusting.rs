//! Accepted brokers: authorities, host names, versions and keys.

use rustls::ProtocolVersion;

use super::peer::{Server, connect, connect_to, path, pem, trusting};
use crate::tls::{Tls, TlsVersions};

#[tokio::test]
async fn trusted_broker_is_connected_with_the_newest_version() {
    let observed = connect(Server::new(), &trusting()).await.unwrap();
    assert_eq!(observed.version, ProtocolVersion::TLSv1_3);
    assert_eq!(observed.received, b"ping");
    assert_eq!(observed.certificate, None);
    assert!(observed.close_notify);
}

#[tokio::test]
async fn each_version_is_negotiated_if_it_is_the_only_one() {
    for (versions, expected) in
        [(TlsVersions::Only12, ProtocolVersion::TLSv1_2), (TlsVersions::Only13, ProtocolVersion::TLSv1_3)]
    {
        let server = Server { versions, ..Server::new() };
        assert_eq!(connect(server, &trusting()).await.unwrap().version, expected);
        assert_eq!(connect(server, &trusting().versions(versions)).await.unwrap().version, expected);
        let observed = connect(Server::new(), &trusting().versions(versions)).await.unwrap();
        assert_eq!(observed.version, expected);
    }
}

#[tokio::test]
async fn rsa_keys_are_accepted_in_both_versions() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let server = Server {
            certificate: "server-rsa.pem",
            key: "server-rsa-key.pem",
            versions,
            needs_certificate: false,
        };
        assert_eq!(connect(server, &trusting()).await.unwrap().received, b"ping");
    }
}

#[tokio::test]
async fn authorities_are_parsed_from_text_with_other_content() {
    let ca = pem("ca.pem");
    let indented = ca.replace('\n', "\n    ");
    let on_one_line = ca.replace('\n', " ");
    let other_line_ends = ca.replace('\n', "\r\n");
    let among = format!("Subject: CN=other\n{}\nand\n{ca}\nthe end", pem("other-ca.pem"));
    for text in [&ca, &indented, &on_one_line, &other_line_ends, &among] {
        assert_eq!(
            connect(Server::new(), &Tls::new().ca_pem(text)).await.unwrap().received,
            b"ping",
            "{text}"
        );
    }
}

#[tokio::test]
async fn server_name_has_no_trailing_dot_and_is_absent_for_an_address() {
    for (host, server_name) in [
        ("localhost", Some("localhost")),
        ("localhost.", Some("localhost")),
        ("127.0.0.1", None),
        ("::1", None),
    ] {
        let observed = connect_to(Server::new(), &trusting(), host).await.unwrap();
        assert_eq!(observed.name.as_deref(), server_name, "{host}");
    }
}

#[tokio::test]
async fn any_host_name_is_accepted_only_if_configured() {
    let server = Server { certificate: "server-elsewhere.pem", ..Server::new() };
    let any_name = trusting().danger_accept_any_host_name();
    assert!(connect(server, &trusting()).await.is_err());
    assert_eq!(connect(server, &any_name).await.unwrap().received, b"ping");
    // Only the name is not verified: the rest must be valid.
    for certificate in ["server-unknown.pem", "server-expired.pem"] {
        let failed = connect(Server { certificate, ..Server::new() }, &any_name).await.unwrap_err();
        assert!(failed.definite, "{failed:?}");
    }
}

#[tokio::test]
async fn custom_configuration_is_used_as_it_is() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let provider = crate::tls::provider::built_in().unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path("ca.pem")).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = Tls::new().ca_file("is/not/read.pem").client_config(config.into());
    let observed = connect(Server::new(), &tls).await.unwrap();
    assert_eq!(observed.version, ProtocolVersion::TLSv1_2);
}
