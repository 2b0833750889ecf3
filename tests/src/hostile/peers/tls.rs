//! TLS: certificates that fail verification, servers of other protocols, and handshakes that do not end.

use std::time::Duration;

use milena::ConnectErrorKind::{Timeout, Tls, Unreachable, Unsupported};
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};
use crate::hostile::secret::Side;

const SECOND: Duration = Duration::from_secs(1);
/// The beginning of a record with a handshake of 16 MB in it.
const HUGE_HELLO: &[u8] = &[0x16, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff, 3, 3];
/// A record of its largest length, encrypted in no way.
const NO_CIPHER: &[u8] = &[
    0x17, 3, 3, 0, 32, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7,
];

/// Peers to whom a producer speaks TLS.
#[must_use]
pub fn tls() -> Vec<Peer> {
    [of_certificates(), of_handshakes(), behind_the_handshake()].concat()
}

fn of_certificates() -> Vec<Peer> {
    let shows = |name, side| Peer::new(name, At::Never, Act::Nothing).by_tls(side);
    vec![
        shows("a certificate by an unknown authority", Side::Unknown)
            .refused(Tls, &["ssl.truststore.location"]),
        shows("a certificate of another host", Side::Elsewhere).refused(Tls, &["localhost"]),
        shows("a certificate that has expired", Side::Expired).refused(Tls, &["has expired", "2021-01-01"]),
        shows("a broker that wants to see a certificate", Side::Mutual).refused(Tls, &["certificate"]),
    ]
}

fn of_handshakes() -> Vec<Peer> {
    let at_once = |name, act| Peer::new(name, At::Accepted, act).by_tls(Side::Good);
    vec![
        at_once("an alert in the place of a hello", Act::Say(&[0x15, 3, 3, 0, 2, 2, 40])).refused(Tls, &[]),
        at_once("an alert that nobody knows", Act::Say(&[0x15, 3, 3, 0, 2, 2, 255])).refused(Tls, &[]),
        at_once("a plaintext web server", Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
            .refused(Tls, &["HTTP"]),
        at_once("a secure shell in the place of TLS", Act::Say(b"SSH-2.0-OpenSSH_9.6\r\n"))
            .refused(Tls, &["SSH"]),
        at_once("zeros in the place of a hello", Act::Say(&[0; 64])).refused(Tls, &["TLS"]),
        at_once("garbage in the place of a hello", Act::Say(&[0x7f; 64])).refused(Tls, &["TLS"]),
        at_once("a hello of garbage", Act::Say(&[0x16, 3, 3, 0, 8, 2, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]))
            .refused(Tls, &[]),
        at_once("a hello of 16 MB, as fast as it goes", Act::Flood(HUGE_HELLO, 4 << 20)).refused(Tls, &[]),
        at_once("a hello, a byte a second", Act::Trickle(HUGE_HELLO, SECOND)).refused(Tls, &[]),
        at_once("silence in the place of a hello", Act::Silence).refused(Tls, &["no byte of the peer"]),
        at_once("deafness in the place of a hello", Act::Deafness).refused(Tls, &[]),
        at_once("an end in the place of a hello", Act::Close).refused(Tls, &[]),
        at_once("an end in the middle of a hello", Act::SayAndClose(HUGE_HELLO)).refused(Tls, &[]),
    ]
}

fn behind_the_handshake() -> Vec<Peer> {
    let secured = |name, act| Peer::new(name, At::Secured, act).by_tls(Side::Good);
    let asked = |name, api, act| Peer::new(name, At::Asked(api), act).by_tls(Side::Good);
    vec![
        secured("a web server behind TLS", Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
            .refused(Unsupported, &["HTTP"]),
        secured("a length of 2147483647 behind TLS", Act::Say(&[0x7f, 0xff, 0xff, 0xff, 0]))
            .refused(Unsupported, &[]),
        secured("zeros without an end behind TLS", Act::Flood(&[0, 0, 0, 0], 1 << 20))
            .refused(Unsupported, &[]),
        secured("an end behind the handshake", Act::Close).refused(Unreachable, &[]),
        secured("silence behind the handshake", Act::Silence).refused(Timeout, &["security protocol"]),
        secured("deafness behind the handshake", Act::Deafness).refused(Timeout, &["security protocol"]),
        secured("a record that nobody encrypted", Act::Beneath(NO_CIPHER)).refused(Tls, &[]),
        secured("an answer in plaintext", Act::Beneath(&[0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
            .refused(Tls, &[]),
        asked("a description that nobody encrypted", ApiKey::METADATA, Act::Beneath(NO_CIPHER))
            .refused(Tls, &["Metadata"]),
        asked("an acknowledgement that nobody encrypted", ApiKey::PRODUCE, Act::Beneath(NO_CIPHER))
            .undelivered(DeliveryTimeout, &["localhost:9001"]),
        asked("an end in the place of an acknowledgement behind TLS", ApiKey::PRODUCE, Act::Close)
            .undelivered(DeliveryTimeout, &["localhost:9001"]),
        asked("silence about a record behind TLS", ApiKey::PRODUCE, Act::Silence)
            .undelivered(DeliveryTimeout, &["localhost:9001"]),
        Peer::new(
            "deafness in the middle of a record behind TLS",
            At::Asking(ApiKey::PRODUCE),
            Act::Deafness,
        )
        .by_tls(Side::Good)
        .undelivered(DeliveryTimeout, &["localhost:9001"]),
        asked("versions, a byte a second, behind TLS", ApiKey::API_VERSIONS, Act::Drip(SECOND))
            .refused(Timeout, &[]),
    ]
}
