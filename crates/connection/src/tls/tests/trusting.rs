//! Whom a client trusts, and which names, versions and keys of a broker do.

use rustls::ProtocolVersion;

use super::peer::{Server, path, pem, talk, talk_to, trusting};
use crate::tls::{Tls, TlsVersions};

#[tokio::test]
async fn a_broker_of_a_trusted_authority_is_spoken_to_in_the_newest_version() {
    let heard = talk(Server::new(), &trusting()).await.unwrap();
    assert_eq!(heard.version, ProtocolVersion::TLSv1_3);
    assert_eq!(heard.said, b"ping");
    assert_eq!(heard.certificate, None);
    assert!(heard.goodbye);
}

#[tokio::test]
async fn each_version_is_spoken_with_brokers_that_have_no_other() {
    for (versions, expected) in
        [(TlsVersions::Only12, ProtocolVersion::TLSv1_2), (TlsVersions::Only13, ProtocolVersion::TLSv1_3)]
    {
        let server = Server { versions, ..Server::new() };
        assert_eq!(talk(server, &trusting()).await.unwrap().version, expected);
        assert_eq!(talk(server, &trusting().versions(versions)).await.unwrap().version, expected);
        let heard = talk(Server::new(), &trusting().versions(versions)).await.unwrap();
        assert_eq!(heard.version, expected);
    }
}

#[tokio::test]
async fn keys_of_rsa_do_as_well_in_both_versions() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let server =
            Server { certificate: "server-rsa.pem", key: "server-rsa-key.pem", versions, asks: false };
        assert_eq!(talk(server, &trusting()).await.unwrap().said, b"ping");
    }
}

#[tokio::test]
async fn authorities_are_taken_from_text_and_from_among_other_things() {
    let ca = pem("ca.pem");
    let indented = ca.replace('\n', "\n    ");
    let on_one_line = ca.replace('\n', " ");
    let other_line_ends = ca.replace('\n', "\r\n");
    let among = format!("Subject: CN=nobody\n{}\nand\n{ca}\nthe end", pem("other-ca.pem"));
    for text in [&ca, &indented, &on_one_line, &other_line_ends, &among] {
        assert_eq!(talk(Server::new(), &Tls::new().ca_pem(text)).await.unwrap().said, b"ping", "{text}");
    }
}

#[tokio::test]
async fn a_name_is_asked_for_without_its_dot_and_an_address_is_not_asked_for() {
    for (host, asked) in [
        ("localhost", Some("localhost")),
        ("localhost.", Some("localhost")),
        ("127.0.0.1", None),
        ("::1", None),
    ] {
        let heard = talk_to(Server::new(), &trusting(), host).await.unwrap();
        assert_eq!(heard.name.as_deref(), asked, "{host}");
    }
}

#[tokio::test]
async fn any_host_name_does_only_if_that_was_asked_for() {
    let server = Server { certificate: "server-elsewhere.pem", ..Server::new() };
    let any_name = trusting().danger_accept_any_host_name();
    assert!(talk(server, &trusting()).await.is_err());
    assert_eq!(talk(server, &any_name).await.unwrap().said, b"ping");
    // The name alone is left out: the rest has to be right.
    for certificate in ["server-unknown.pem", "server-expired.pem"] {
        let failed = talk(Server { certificate, ..Server::new() }, &any_name).await.unwrap_err();
        assert!(failed.definite, "{failed:?}");
    }
}

#[tokio::test]
async fn a_configuration_of_ones_own_is_taken_as_it_is() {
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
    let heard = talk(Server::new(), &tls).await.unwrap();
    assert_eq!(heard.version, ProtocolVersion::TLSv1_2);
}
