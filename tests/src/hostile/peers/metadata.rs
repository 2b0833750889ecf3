//! Metadata responses with too many entries, with none, and with unreachable addresses.

use milena::ConnectErrorKind::{Timeout, Unreachable};
use milena::ErrorKind::{DeliveryTimeout, UnknownTopic};
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};
use milena_codec::message::{MetadataResponse, MetadataResponsePartition, MetadataResponseTopic};
use milena_fake::ApiKey;

use crate::hostile::honest::Honest;
use crate::hostile::script::{Act, At, Peer};

/// How many there are of what there should be a few of.
const CROWD: i32 = 1_000_000;

/// Every address of the answer is this port.
fn at_port(honest: &Honest, port: i32) -> Vec<u8> {
    honest.changed(|answer: &mut MetadataResponse| {
        answer.brokers.iter_mut().for_each(|broker| broker.port = port);
    })
}

fn partitions(honest: &Honest, change: impl Fn(&mut MetadataResponsePartition)) -> Vec<u8> {
    honest.changed(|answer: &mut MetadataResponse| {
        answer.topics.iter_mut().flat_map(|topic| &mut topic.partitions).for_each(change);
    })
}

/// Peers that describe a cluster which is none.
#[must_use]
pub fn metadata() -> Vec<Peer> {
    [of_brokers(), of_topics()].concat()
}

fn of_brokers() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, At::Asked(ApiKey::METADATA), Act::Lie(lie));
    vec![
        lies("a million brokers", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                let first = answer.brokers[0].clone();
                let another = |id| {
                    let mut broker = first.clone();
                    broker.node_id = BrokerId(id);
                    broker
                };
                answer.brokers.extend((1000..CROWD).map(another));
            })
        })
        .harmless(),
        lies("no broker", |honest| honest.changed(|answer: &mut MetadataResponse| answer.brokers.clear()))
            .refused(Timeout, &[]),
        lies("brokers at port 0", |honest| at_port(&honest, 0)).refused(Timeout, &[]),
        lies("brokers at port -1", |honest| at_port(&honest, -1)).refused(Timeout, &[]),
        lies("brokers at port 65536", |honest| at_port(&honest, 65_536)).refused(Timeout, &[]),
        lies("brokers where nobody is", |honest| at_port(&honest, 1))
            .refused(Unreachable, &["localhost:1", "advertised.listeners"]),
        lies("brokers with the id -1", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                answer.brokers.iter_mut().for_each(|broker| broker.node_id = BrokerId(-1));
            })
        })
        .refused(Timeout, &[]),
        lies("the same broker a thousand times", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                answer.brokers = vec![answer.brokers[0].clone(); 1000];
            })
        })
        .harmless(),
        lies("a pause of 25 days with each description", |honest| {
            honest.changed(|answer: &mut MetadataResponse| answer.throttle_time_ms = i32::MAX)
        })
        .harmless(),
    ]
}

fn of_topics() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, At::Asked(ApiKey::METADATA), Act::Lie(lie));
    vec![
        lies("a million topics that nobody asked for", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                let topic = |number| MetadataResponseTopic {
                    name: Some(format!("{number}")),
                    ..MetadataResponseTopic::default()
                };
                answer.topics.extend((0..CROWD).map(topic));
            })
        })
        .harmless(),
        lies("partitions with impossible numbers", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                for topic in &mut answer.topics {
                    let Some(first) = topic.partitions.first().cloned() else { continue };
                    topic.partitions.extend([-1, i32::MIN, i32::MAX, 1 << 20].map(|number| {
                        MetadataResponsePartition { partition_index: PartitionId(number), ..first.clone() }
                    }));
                }
            })
        })
        .harmless(),
        lies("leaders that nobody is", |honest| {
            partitions(&honest, |partition| partition.leader_id = BrokerId(666))
        })
        .undelivered(DeliveryTimeout, &[]),
        lies("terms that go back", |honest| {
            let term = 1000 - i32::try_from(honest.turn).unwrap_or(0);
            partitions(&honest, |partition| partition.leader_epoch = LeaderEpoch(term))
        })
        .harmless(),
        lies("a leader that comes and goes", |honest| {
            let term = LeaderEpoch(i32::try_from(honest.turn).unwrap_or(0) + 10);
            let is_gone = honest.turn % 2 == 0;
            partitions(&honest, |partition| {
                partition.leader_epoch = term;
                if is_gone {
                    partition.leader_id = BrokerId(-1);
                }
            })
        })
        .harmless(),
        lies("topics without a name", |honest| {
            honest.changed(|answer: &mut MetadataResponse| {
                answer.topics.iter_mut().for_each(|topic| topic.name = None);
            })
        })
        .undelivered(UnknownTopic, &["max.block.ms"]),
        lies("a topic whose id changes with every description", |honest| {
            let turn = 200 + u8::try_from(honest.turn % 50).unwrap_or(0);
            honest.changed(|answer: &mut MetadataResponse| {
                answer.topics.iter_mut().for_each(|topic| topic.topic_id.0[15] = turn);
            })
        })
        .undelivered(DeliveryTimeout, &[]),
    ]
}
