//! From the input into the producer, and from the producer into the reports.
//!
//! ```text
//! reading ──input at its end──▶ flushing ──all settled──▶ closed
//!    ├─bad input──▶ flushing
//!    ├─no record can be taken──▶ failing what was read ──▶ flushing
//!    └─signal──▶ closing ──all settled, or close timeout──▶ closed ◀──second signal── any
//!                   ▲──signal── flushing
//! ```
//!
//! Every record that was read before the end is settled and reported, in the order of the input; after a signal, every record
//! that was accepted.
//! Records whose topic is being looked up wait aside ([`Topics`]), and records of other topics pass them.

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;

use milena::{ErrorKind, Persisted, Producer, Record, SendError};

use super::input::{Chunk, Input, bytes_of};
use super::outage::Outage;
use super::progress::Progress;
use super::report::{DeadLetters, Reporter};
use super::summary::Counts;
use super::topics::{Found, State, Topics};
use super::unsettled::{Entry, Outcome, Settled, Unsettled};
use crate::escape::escaped;
use crate::exit::Exit;
use crate::signals::Signals;
use crate::terminal;

/// Topics that may be refused before no more is read: the reason is kept for each.
const REFUSED_TOPICS_MAX: usize = 1_000;
/// Failures, and pieces of bad input, that are printed one by one on standard error.
const PRINTED_MAX: u64 = 5;

/// Everything of a run but the producer.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) signals: Signals,
    pub(super) reporter: Reporter,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) progress: Progress,
    /// Records of the input may name topics of their own.
    pub(super) many_topics: bool,
    pub(super) unsettled: Unsettled,
    pub(super) counts: Counts,
    pub(super) topics: Topics,
    pub(super) outage: Outage,
    pub(super) stopped: Option<Stop>,
    /// The failures that standard error has, at most [`PRINTED_MAX`]: record and error.
    pub(super) printed: Vec<(u64, SendError)>,
    pub(super) interrupted: Option<Exit>,
}

/// Why no more is read, before the end of the input.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something is wrong with the input.
    BadInput(String),
    /// No record can be taken any more, for the same reason as this one.
    Refused(SendError),
    /// Reports or dead letters cannot be written.
    Output(anyhow::Error),
}

impl Pump {
    /// Sends the input, until its end or as long as it makes sense, and settles what was sent.
    pub(super) async fn run(&mut self, producer: &Producer, mut input: Input) {
        self.read(producer, &mut input).await;
        if matches!(self.stopped, Some(Stop::Refused(_))) {
            self.take_rest(producer, &mut input).await;
        }
        // Nothing more is read.
        drop(input);
        self.look_up(producer).await;
        self.finish(producer).await;
        self.progress.finish();
    }

    async fn read(&mut self, producer: &Producer, input: &mut Input) {
        while self.goes_on() {
            tokio::select! {
                biased;
                exit = self.signals.next() => self.interrupted = Some(exit),
                settled = self.unsettled.next() => self.settle(&settled),
                Some(found) = self.topics.next() => self.found(producer, found).await,
                chunk = input.chunks.recv(), if !self.unsettled.is_full() => match chunk {
                    Some(chunk) => self.take(producer, chunk).await,
                    None => return,
                },
                () = ready(()), if self.reporter.is_behind() => self.write_out(),
            }
        }
    }

    /// Rejects the records that were read before the reading stopped, with the error that stopped it.
    async fn take_rest(&mut self, producer: &Producer, input: &mut Input) {
        while self.interrupted.is_none()
            && let Some(chunk) = input.rest().await
        {
            self.take(producer, chunk).await;
        }
    }

    /// Waits for the topics that are being looked up.
    async fn look_up(&mut self, producer: &Producer) {
        while self.interrupted.is_none() && self.topics.is_waiting() {
            tokio::select! {
                biased;
                exit = self.signals.next() => self.interrupted = Some(exit),
                settled = self.unsettled.next() => self.settle(&settled),
                Some(found) = self.topics.next() => self.found(producer, found).await,
                () = ready(()), if self.reporter.is_behind() => self.write_out(),
            }
        }
    }

    const fn goes_on(&self) -> bool {
        self.stopped.is_none() && self.interrupted.is_none()
    }

    async fn take(&mut self, producer: &Producer, chunk: Chunk) {
        for what in chunk.skipped {
            self.counts.skipped += 1;
            if self.counts.skipped <= PRINTED_MAX {
                tracing::warn!("input: skipped {}", escaped(&what));
            }
        }
        for record in chunk.records {
            if self.interrupted.is_some() || matches!(self.stopped, Some(Stop::Output(_))) {
                return;
            }
            self.accept(producer, record).await;
        }
        if self.stopped.is_none() {
            self.stopped = chunk.broken.map(Stop::BadInput);
        }
    }

    /// Hands a record to the producer, or has it wait for its topic.
    async fn accept(&mut self, producer: &Producer, record: Record) {
        let (topic, bytes) = (Arc::clone(&record.topic), bytes_of(&record));
        let kept = self.dead_letters.is_some().then(|| record.clone());
        let number = self.unsettled.next_number();
        let outcome = match self.topics.state(&topic) {
            Some(State::Refused(error)) => Outcome::Refused(error.clone()),
            Some(State::Waiting(records)) => {
                records.push(number);
                Outcome::Waiting(Some(record))
            }
            known => match &self.stopped {
                Some(Stop::Refused(error)) if known.is_none() || !is_about_topic(error) => {
                    match error.persisted() {
                        Persisted::No => Outcome::Refused(error.clone()),
                        // The record that stopped the reading may be written; this one was never sent.
                        _ => refused_at_the_end(producer, record).await,
                    }
                }
                _ if self.many_topics && known.is_none() => {
                    self.topics.look_up(producer, &topic, number);
                    Outcome::Waiting(Some(record))
                }
                _ => match self.enter(producer, record).await {
                    Some(outcome) => outcome,
                    None => return,
                },
            },
        };
        self.unsettled.push(Entry { topic, bytes, outcome, kept });
    }

    /// Hands a record to the producer. While it waits for room, others are settled. None when a signal came first.
    async fn enter(&mut self, producer: &Producer, record: Record) -> Option<Outcome> {
        let topic = Arc::clone(&record.topic);
        let mut entering = pin!(producer.enqueue(record));
        let entered = loop {
            tokio::select! {
                biased;
                entered = &mut entering => break entered,
                exit = self.signals.next() => {
                    self.interrupted = Some(exit);
                    return None;
                }
                settled = self.unsettled.next() => self.settle(&settled),
                () = ready(()), if self.reporter.is_behind() => self.write_out(),
            }
        };
        Some(match entered {
            Ok(delivery) => Outcome::Pending(delivery),
            Err(error) => {
                self.apply(&topic, &error);
                Outcome::Refused(error)
            }
        })
    }

    /// A topic was looked up: its records go, or fail.
    async fn found(&mut self, producer: &Producer, (topic, found): Found) {
        if let Err(error) = found {
            for number in self.topics.refuse(&topic, error.clone()) {
                self.unsettled.resolve(number, Outcome::Refused(error.clone()));
            }
            return self.stop_at(&error);
        }
        for number in self.topics.know(&topic) {
            let Some(record) = self.unsettled.take_waiting(number) else { continue };
            let outcome = match self.interrupted {
                None => self.enter(producer, record.clone()).await,
                Some(_) => None,
            };
            let outcome = match outcome {
                Some(outcome) => outcome,
                None => refused_at_the_end(producer, record).await,
            };
            self.unsettled.resolve(number, outcome);
        }
    }

    /// Applies a rejection to the records behind it.
    fn apply(&mut self, topic: &Arc<str>, error: &SendError) {
        match error.kind() {
            _ if is_about_topic(error) => {
                self.topics.refuse(topic, error.clone());
                self.stop_at(error);
            }
            // Another record would wait as long, for the same end.
            ErrorKind::ClusterAuthorizationFailed
            | ErrorKind::BufferFull
            | ErrorKind::Closed
            | ErrorKind::Internal => self.stopped = Some(Stop::Refused(error.clone())),
            _ => {}
        }
    }

    /// Stops the reading, where no further record makes sense once a topic is refused.
    fn stop_at(&mut self, error: &SendError) {
        if self.stopped.is_none() && (!self.many_topics || self.topics.refused() >= REFUSED_TOPICS_MAX) {
            self.stopped = Some(Stop::Refused(error.clone()));
        }
    }

    /// Settles what was accepted. A signal has it closed, which is bounded; another one leaves the rest as it is.
    async fn finish(&mut self, producer: &Producer) {
        let mut ending = ending(producer, self.interrupted.is_some());
        let mut ended = false;
        while !self.unsettled.is_empty() || !ended {
            tokio::select! {
                biased;
                exit = self.signals.next() => match self.interrupted {
                    None => {
                        self.interrupted = Some(exit);
                        ending = self::ending(producer, true);
                        ended = false;
                    }
                    Some(_) => break,
                },
                settled = self.unsettled.next() => self.settle(&settled),
                // Closing ends the look-ups.
                Some(found) = self.topics.next() => self.found(producer, found).await,
                () = &mut ending, if !ended => ended = true,
                () = ready(()), if self.reporter.is_behind() => self.write_out(),
            }
        }
        self.write_out();
        self.counts.unsettled = self.unsettled.len();
        if self.counts.unsettled == 0 {
            // All records are settled: closing has no failures to report.
            let _ = producer.close().await;
        }
    }

    fn settle(&mut self, settled: &Settled) {
        let failed = settled.outcome.as_ref().err();
        let outage = self.outage.note(failed.map(SendError::kind), settled.bytes);
        if outage && self.stopped.is_none() {
            self.stopped = failed.cloned().map(Stop::Refused);
        }
        let kept = match &settled.outcome {
            Ok(_) => {
                self.counts.delivered += 1;
                Ok(())
            }
            Err(error) => {
                self.counts.failed += 1;
                self.print_failure(settled.record, error);
                match (&mut self.dead_letters, &settled.kept) {
                    (Some(file), Some(record)) => file.keep(record),
                    _ => Ok(()),
                }
            }
        };
        self.progress.note(&self.counts);
        let reported = self.reporter.report(settled);
        if let Err(error) = kept.and(reported) {
            self.stopped = Some(Stop::Output(error));
        }
    }

    /// Prints the first failures, unless reports have them.
    fn print_failure(&mut self, record: u64, error: &SendError) {
        match self.counts.failed {
            _ if self.reporter.reports() => {}
            ..=PRINTED_MAX => {
                terminal::say(&format!("error: produce: record {record}: {error}"));
                self.printed.push((record, error.clone()));
            }
            count if count == PRINTED_MAX + 1 => {
                terminal::say("error: produce: more records fail; --report json reports each");
            }
            _ => {}
        }
    }

    fn write_out(&mut self) {
        if let Err(error) = self.reporter.flush() {
            self.stopped = Some(Stop::Output(error));
        }
    }
}

/// Whether all records to the topic would be refused for the same reason.
fn is_about_topic(error: &SendError) -> bool {
    use ErrorKind::{InvalidTopic, TopicAuthorizationFailed, UnknownTopic};
    matches!(error.kind(), UnknownTopic | InvalidTopic | TopicAuthorizationFailed)
}

/// The outcome of a record that was read and not accepted before the end: the producer accepts none once it is closing.
async fn refused_at_the_end(producer: &Producer, record: Record) -> Outcome {
    tokio::select! {
        biased;
        _ = producer.close() => {}
        // Begun, it goes on in the background.
        () = ready(()) => {}
    }
    match producer.enqueue(record).await {
        Ok(delivery) => Outcome::Pending(delivery),
        Err(error) => Outcome::Refused(error),
    }
}

/// Sends all accepted records. Only closing is bounded by the close timeout; the deliveries report the failures.
fn ending(producer: &Producer, close: bool) -> Pin<Box<dyn Future<Output = ()> + '_>> {
    match close {
        true => Box::pin(async { drop(producer.close().await) }),
        false => Box::pin(async { drop(producer.flush().await) }),
    }
}
