//! What must hold at the end of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Poll, Waker};

use super::run::Run;
use crate::outcome::{Failure, Persisted, Receipt};
use crate::tests::{Log, OTHERS};

/// What callers were told about the records of a partition, by number.
type Told = BTreeMap<usize, Result<Receipt, Failure>>;

impl Run {
    pub(super) fn check(mut self) {
        assert!(self.is_still());
        self.harness.shared.check_at_rest();
        let outstanding = &self.harness.shared.outstanding;
        assert!(self.flushes.iter().all(|flush| outstanding.is_settled(*flush)));
        let mut outcomes = (0, 0);
        for partition in 0..self.record_handles.len() {
            let told = told(&mut self.record_handles[partition]);
            let logs: Vec<&Log> = self.cluster.all_logs(partition).collect();
            if self.plan.broker_senders.partition_sender.idempotent {
                logs.iter().for_each(|log| check_order(log, &told));
            }
            check_outcomes(&logs, &told);
            let mut probes = told.range(self.first_probe..);
            // A leader that lost the records before it rejects the first try of one.
            let may_fail = self.plan.losses > 0 && self.plan.broker_senders.partition_sender.retries == 0;
            let takes_records = may_fail || probes.all(|(_, outcome)| outcome.is_ok());
            assert!(takes_records, "a partition stands still: {told:?}");
            let written = told.values().filter(|outcome| outcome.is_ok()).count() as u64;
            outcomes = (outcomes.0 + written, outcomes.1 + told.len() as u64 - written);
        }
        assert!(outcomes.0 <= self.told.0 && outcomes.1 <= self.told.1, "{outcomes:?} of {:?}", self.told);
        let settled = outcomes.0 + outcomes.1 + self.left;
        assert_eq!(self.told.0 + self.told.1, settled, "each record was settled once");
    }
}

fn told(record_handles: &mut [(usize, crate::sync::RecordHandle)]) -> Told {
    let poll = |(number, record_handle): &mut (usize, crate::sync::RecordHandle)| match record_handle
        .poll(Waker::noop())
    {
        Poll::Ready(outcome) => (*number, outcome.map_err(|failure| Failure::clone(&failure))),
        Poll::Pending => panic!("record {number} was never settled"),
    };
    record_handles.iter_mut().map(poll).collect()
}

/// No record is in a log twice, and they are in order. Another producer id fences nothing: what may be written, as callers
/// were told, can stand behind newer records of the next id.
fn check_order(log: &Log, told: &Told) {
    let numbers = numbers(log);
    let mut seen = BTreeSet::new();
    let mut last: Option<(usize, i64)> = None;
    for (number, producer_id) in numbers.iter().zip(&log.producer_ids) {
        let Some(number) = number else { continue };
        assert!(seen.insert(*number), "{number} is there twice: {numbers:?}");
        let is_behind = last.is_some_and(|(before, _)| before > *number);
        if is_behind {
            // Of a caller that left it is not known.
            let may_be = told
                .get(number)
                .is_none_or(|told| matches!(told, Err(failure) if failure.persisted == Persisted::Maybe));
            let is_of_another_id = last.is_some_and(|(_, id)| id != *producer_id);
            assert!(
                may_be && is_of_another_id,
                "{number} is out of order: {numbers:?}, {:?}",
                told.get(number)
            );
        } else {
            last = Some((*number, *producer_id));
        }
    }
}

/// What callers were told of each record is so. It may be in the log of a topic that was deleted, and be sent again to the
/// one of the same name: what is not written there is not written. What an unclean election lost was written before.
fn check_outcomes(logs: &[&Log], told: &Told) {
    let lost: BTreeSet<usize> = logs
        .iter()
        .flat_map(|log| &log.lost)
        .filter(|value| *value != OTHERS)
        .map(|value| number_of(value))
        .collect();
    let logs: Vec<Vec<Option<usize>>> = logs.iter().map(|log| numbers(log)).collect();
    let present: BTreeSet<usize> = logs.last().into_iter().flatten().copied().flatten().collect();
    let all: BTreeSet<usize> = logs.iter().flatten().copied().flatten().collect();
    for (number, outcome) in told {
        match outcome {
            Ok(_) if lost.contains(number) => {}
            Ok(Receipt { offset: Some(offset), .. }) => {
                let place = usize::try_from(*offset).unwrap();
                let is_there = logs.iter().any(|log| log.get(place) == Some(&Some(*number)));
                assert!(is_there, "record {number} is not at {offset}");
            }
            Ok(_) => assert!(all.contains(number), "record {number} is not there"),
            Err(failure) => assert!(
                !present.contains(number) || failure.persisted != Persisted::No,
                "record {number} is there: {failure:?}"
            ),
        }
    }
}

/// The numbers of the records of a log, none for those of other producers.
fn numbers(log: &Log) -> Vec<Option<usize>> {
    log.values.iter().map(|value| (value != OTHERS).then(|| number_of(value))).collect()
}

/// The number of the record that a value belongs to.
pub(super) fn number_of(value: &[u8]) -> usize {
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    std::str::from_utf8(&value[..end]).unwrap().parse().unwrap()
}
