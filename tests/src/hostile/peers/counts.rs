//! Counts, and the varints that they are written in: what is promised and never comes.

use milena::ConnectErrorKind::Unsupported;
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::honest::Honest;
use crate::hostile::script::{Act, At, Peer};

/// 4 294 967 295 as a varint: 2³²−2 elements of a compact array, or as many tagged fields.
const MOST: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
/// A varint that does not end where it has to.
const OVERLONG: [u8; 12] = [0x80; 12];

fn counted(before: &[u8], count: &[u8], behind: usize) -> Vec<u8> {
    [before, count, &vec![0; behind]].concat()
}

/// An answer that begins with its tags, a throttle time and a count.
fn first_array(honest: &Honest, count: &[u8]) -> Vec<u8> {
    honest.body(&counted(&[0, 0, 0, 0, 0], count, 40))
}

/// Peers that promise more than they send.
#[must_use]
pub fn counts() -> Vec<Peer> {
    [of_versions(), of_descriptions(), of_acknowledgements()].concat()
}

fn of_versions() -> Vec<Peer> {
    let lies = |name, lie| {
        Peer::new(name, At::Asked(ApiKey::API_VERSIONS), Act::Lie(lie)).refused(Unsupported, &["ApiVersions"])
    };
    vec![
        lies("four billion APIs", |honest| honest.body(&counted(&[0, 0], &MOST, 40))),
        lies("a count of APIs that does not end", |honest| honest.body(&counted(&[0, 0], &OVERLONG, 40))),
        lies("four billion tagged fields of versions", |honest| {
            honest.body(&counted(&[0, 0, 1, 0, 0, 0, 0], &MOST, 40))
        }),
        lies("a tagged field of versions of two billion bytes", |honest| {
            honest.body(&counted(&[0, 0, 1, 0, 0, 0, 0, 1, 9], &[0xff, 0xff, 0xff, 0xff, 0x07], 40))
        }),
        lies("versions that end in the middle", |honest| honest.body(&[0, 0, 40, 0, 0, 0, 0])),
    ]
}

fn of_descriptions() -> Vec<Peer> {
    let lies = |name, lie| {
        Peer::new(name, At::Asked(ApiKey::METADATA), Act::Lie(lie)).refused(Unsupported, &["Metadata"])
    };
    vec![
        lies("four billion brokers", |honest| first_array(&honest, &MOST)),
        lies("a count of brokers that does not end", |honest| first_array(&honest, &OVERLONG)),
        lies("four billion topics", |honest| {
            // One broker of no name, no cluster id, and no controller.
            let before = [0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1];
            honest.body(&counted(&before, &MOST, 40))
        }),
        lies("a topic of four billion partitions", |honest| {
            let before = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0, 2, b't'];
            let id_and_flag = [7; 17];
            honest.body(&counted(&[&before[..], &id_and_flag].concat(), &MOST, 40))
        }),
        lies("four billion tagged fields before a description", |honest| {
            honest.body(&counted(&[], &MOST, 40))
        }),
        lies("a tagged field that ends behind the frame", |honest| {
            honest.body(&counted(&[1, 5], &[0xff, 0xff, 0xff, 0xff, 0x07], 40))
        }),
    ]
}

fn of_acknowledgements() -> Vec<Peer> {
    let lies = |name, lie| {
        Peer::new(name, At::Asked(ApiKey::PRODUCE), Act::Lie(lie)).undelivered(DeliveryTimeout, &[])
    };
    vec![
        lies("acknowledgements of four billion topics", |honest| honest.body(&counted(&[0], &MOST, 40))),
        lies("acknowledgements of four billion partitions", |honest| {
            honest.body(&counted(&[&[0, 2][..], &[7; 16]].concat(), &MOST, 40))
        }),
        lies("an acknowledgement with four billion culprits", |honest| {
            let partition = [0; 4 + 2 + 8 + 8 + 8];
            honest.body(&counted(&[&[0, 2][..], &[7; 16], &[2], &partition].concat(), &MOST, 40))
        }),
        lies("an acknowledgement with a count that does not end", |honest| {
            honest.body(&counted(&[0], &OVERLONG, 40))
        }),
        lies("an acknowledgement with four billion tagged fields", |honest| {
            honest.body(&counted(&[0, 1, 0, 0, 0, 0], &MOST, 40))
        }),
        lies("an acknowledgement with bytes behind its end", |honest| {
            let mut frame = honest.frame;
            frame.extend_from_slice(&[1, 2, 3]);
            frame[3] += 3;
            frame
        })
        .harmless(),
    ]
}
