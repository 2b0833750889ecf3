//! Produce responses with impossible partitions, offsets and throttle times.

use milena::ErrorKind::{DeliveryTimeout, InvalidRecord, Refused};
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};
use milena_codec::message::{BatchIndexAndErrorMessage, NodeEndpoint, ProduceResponse};
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

/// Peers that acknowledge what is not so.
#[must_use]
pub fn produce() -> Vec<Peer> {
    [of_partitions(), of_offsets(), of_errors()].concat()
}

fn of_partitions() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, At::Asked(ApiKey::PRODUCE), Act::Lie(lie));
    vec![
        lies("an acknowledgement of nothing", |honest| {
            honest.changed(|answer: &mut ProduceResponse| answer.responses.clear())
        })
        .undelivered(DeliveryTimeout, &[]),
        lies("an acknowledgement of a topic without its partitions", |honest| {
            honest.changed(|answer: &mut ProduceResponse| answer.responses[0].partition_responses.clear())
        })
        .undelivered(DeliveryTimeout, &[]),
        lies("an acknowledgement of another partition", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].partition_responses[0].index = PartitionId(77);
            })
        })
        .undelivered(DeliveryTimeout, &[]),
        lies("an acknowledgement of partition -1", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].partition_responses[0].index = PartitionId(-1);
            })
        })
        .undelivered(DeliveryTimeout, &[]),
        lies("an acknowledgement of one partition too many", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let mut invented = answer.responses[0].partition_responses[0].clone();
                invented.index = PartitionId(2_147_483_647);
                answer.responses[0].partition_responses.push(invented);
            })
        })
        .harmless(),
        lies("an acknowledgement of the same partition twice, refused the second time", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let mut again = answer.responses[0].partition_responses[0].clone();
                again.error_code = ErrorCode::INVALID_RECORD;
                answer.responses[0].partition_responses.push(again);
            })
        })
        .harmless(),
        lies("an acknowledgement of another topic", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].topic_id.0[0] ^= 1;
                answer.responses[0].name = "other".to_owned();
            })
        })
        .undelivered(DeliveryTimeout, &[]),
    ]
}

fn of_offsets() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, At::Asked(ApiKey::PRODUCE), Act::Lie(lie));
    vec![
        lies("an acknowledgement at offset -1", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].partition_responses[0].base_offset = -1;
            })
        })
        .harmless(),
        lies("an acknowledgement at the largest offset there is", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].partition_responses[0].base_offset = i64::MAX;
            })
        })
        .harmless(),
        lies("an acknowledgement before the beginning of time", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                (partition.log_append_time_ms, partition.log_start_offset) = (i64::MIN, i64::MAX);
            })
        })
        .harmless(),
    ]
}

fn of_errors() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, At::Asked(ApiKey::PRODUCE), Act::Lie(lie));
    vec![
        lies("an error that nobody knows", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                answer.responses[0].partition_responses[0].error_code = ErrorCode(-31_000);
            })
        })
        .undelivered(Refused, &["-31000"]),
        lies("culprits that are in no batch", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::INVALID_RECORD;
                let culprit =
                    |batch_index| BatchIndexAndErrorMessage { batch_index, batch_index_error_message: None };
                partition.record_errors = vec![culprit(-1), culprit(i32::MAX), culprit(i32::MIN)];
            })
        })
        .undelivered(InvalidRecord, &[]),
        lies("a pause of 25 days with each acknowledgement", |honest| {
            honest.changed(|answer: &mut ProduceResponse| answer.throttle_time_ms = i32::MAX)
        })
        .harmless(),
        lies("a pause of -25 days", |honest| {
            honest.changed(|answer: &mut ProduceResponse| answer.throttle_time_ms = i32::MIN)
        })
        .harmless(),
        lies("a new leader at an address that is none, again and again", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
                partition.current_leader.leader_id = BrokerId(666);
                partition.current_leader.leader_epoch = LeaderEpoch(1_000_000);
                let endpoint = |node_id, host: &str, port| NodeEndpoint {
                    node_id: BrokerId(node_id),
                    host: host.to_owned(),
                    port,
                    rack: None,
                };
                answer.node_endpoints = vec![endpoint(666, "\u{1b}[2J", 70_000), endpoint(-5, "", 0)];
            })
        })
        .undelivered(DeliveryTimeout, &[]),
    ]
}
