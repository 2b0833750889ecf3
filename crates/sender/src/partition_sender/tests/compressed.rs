//! The same promises for batches that are compressed: in order, once, and one outcome for each record, also where a batch
//! has to be opened.

use super::*;

const CODECS: [Compression; 4] =
    [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

/// Sends 20 records of 1 000 bytes, as one batch; each is a number and words that compress to a third or so.
fn send_words(harness: &PartitionHarness) -> Vec<RecordHandle> {
    let mut dice = fastrand::Rng::with_seed(5);
    let mut words =
        || (0..250).map(|_| ["some", "word", "that", "come", "here"][dice.usize(..5)]).collect::<String>();
    (0..20).map(|number| harness.send(&format!("{number} {}", words()))).collect()
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// The first words of what the log holds behind its first record.
fn written(harness: &PartitionHarness) -> Vec<String> {
    first_words(&harness.log.texts()[1..])
}

fn first_words(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn too_large_batch_goes_in_parts_under_its_own_sequences() {
    for codec in CODECS {
        let mut harness = PartitionHarness::compressed(codec);
        let mut record_handles = send_words(&harness);
        let flush = harness.shared.outstanding.end_generation();
        let whole = harness.next().unwrap();
        assert_eq!((whole.batch.codec(), whole.batch.records), (codec, 20));
        harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
        let parts: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
        assert!(parts.len() > 1);
        let mut expected = 1;
        for part in parts {
            assert_eq!((stamp(&part), part.batch.codec()), ((0, expected), codec));
            expected += i32::try_from(part.batch.records).unwrap();
            assert!(!harness.shared.outstanding.is_settled(flush));
            harness.served(part);
        }
        assert_eq!((expected, written(&harness)), (21, numbers(20)));
        assert!(
            (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
        );
        assert!(harness.shared.outstanding.is_settled(flush));
        harness.ends();
    }
}

#[test]
fn nothing_overtakes_a_batch_that_is_being_opened() {
    for codec in CODECS {
        let mut harness = PartitionHarness::compressed(codec);
        send_words(&harness);
        let whole = harness.next().unwrap();
        let (_, behind) = harness.send_alone("behind");
        let stamped = stamp(&behind);
        harness.holds_jobs = true;
        harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
        harness.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        harness.send("new");
        assert!(harness.next().is_none());
        assert!(!harness.partition_sender.may_leave());

        harness.holds_jobs = false;
        harness.end_jobs();
        let again: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
        let kept = again.iter().find(|in_flight_batch| stamp(in_flight_batch) == stamped).map(values);
        assert_eq!(kept, Some(vec!["behind".to_owned()]));
        again.into_iter().for_each(|in_flight_batch| drop(harness.served(in_flight_batch)));
        harness.goes_well();
        let mut expected = numbers(20);
        expected.extend(["behind".to_owned(), "new".to_owned()]);
        assert_eq!(written(&harness), expected);
        harness.ends();
    }
}

#[test]
fn too_large_batch_whose_response_was_lost_is_written_once_in_parts_or_as_a_whole() {
    for codec in CODECS {
        for was_written in [false, true] {
            let mut harness = PartitionHarness::compressed(codec);
            let mut record_handles = send_words(&harness);
            let in_flight_batch = harness.next().unwrap();
            if was_written {
                harness.applied(&in_flight_batch, MAX);
            }
            harness.lost(in_flight_batch);
            let mut behind = harness.send("behind");
            harness.pause();
            let again = harness.next().unwrap();
            harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
            harness.goes_well();
            for (place, record_handle) in (1..).zip(&mut record_handles) {
                match was_written {
                    true => assert_eq!(
                        failure(record_handle),
                        Some((ErrorKind::OutcomeUnknown, Persisted::Maybe))
                    ),
                    false => assert_eq!(offset(record_handle), Some(place)),
                }
            }
            assert_eq!(offset(&mut behind), Some(21));
            assert_eq!(written(&harness)[..20], numbers(20), "once, {codec}");
            harness.ends();
        }
    }
}

#[test]
fn records_that_a_broker_names_fail_alone() {
    for codec in CODECS {
        for places in [&[0][..], &[4], &[9], &[3, 4, 5], &[1, 3, 5, 7, 9]] {
            record_errors::check(PartitionHarness::compressed(codec), 10, 100, places);
        }
        let places: Vec<u32> = (0..3_000).step_by(700).collect();
        record_errors::check(PartitionHarness::compressed(codec), 3_000, 150, &places);
    }
}

#[test]
fn retry_sends_the_same_bytes_and_a_new_epoch_the_same_compressed_records() {
    let mut harness = PartitionHarness::compressed(Compression::Zstd);
    send_words(&harness);
    let in_flight_batch = harness.next().unwrap();
    let first = bytes(&in_flight_batch);
    harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.pause();
    let in_flight_batch = harness.next().unwrap();
    assert_eq!(bytes(&in_flight_batch), first);
    harness.log.forget_producers();
    // Another batch of the run is missing, as far as the broker knows.
    harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.pause();
    let in_flight_batch = harness.next().unwrap();
    assert_eq!(stamp(&in_flight_batch), (1, 0));
    let again = bytes(&in_flight_batch);
    let parsed = [&first, &again].map(|bytes| RecordBatch::parse(bytes).unwrap().body().to_vec());
    assert_eq!(parsed[0], parsed[1]);
    harness.served(in_flight_batch);
    harness.ends();
}

#[test]
fn deadline_settles_records_in_a_job_and_their_bytes_come_back_with_it() {
    for codec in CODECS {
        let mut harness = PartitionHarness::compressed(codec);
        harness.holds_jobs = true;
        let mut record_handles = send_words(&harness);
        assert!(harness.next().is_none() && harness.jobs.len() == 1);
        assert_eq!(
            harness.partition_sender.deadline(&harness.config),
            Some(harness.now + harness.config.delivery_timeout)
        );
        harness.deadline();
        for record_handle in &mut record_handles {
            assert_eq!(failure(record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
        }
        assert!(harness.used() > 0 && harness.partition_sender.deadline(&harness.config).is_none());
        harness.send("next");
        assert!(harness.next().is_none(), "its place is taken until the job is done");
        harness.holds_jobs = false;
        harness.end_jobs();
        harness.goes_well();
        assert_eq!(written(&harness), ["next"]);
        harness.ends();
    }
}

#[test]
fn deadline_of_a_batch_in_flight_leaves_the_next_one_alone() {
    for holds_jobs in [false, true] {
        let mut harness = PartitionHarness::compressed(Compression::Lz4);
        let mut first = send_words(&harness);
        let in_flight_batch = harness.next().unwrap();
        harness.now += harness.config.delivery_timeout / 2;
        let mut second = send_words(&harness);
        harness.holds_jobs = holds_jobs;
        let Claimed::Job(job) = harness.claimed() else { panic!("it is worth sending") };
        harness.begin(job);
        harness.now += harness.config.delivery_timeout / 2;
        harness.expire();
        assert_eq!(failure(&mut first[0]), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
        assert!(second.iter_mut().all(is_pending));
        harness.served(in_flight_batch);
        harness.end_jobs();
        harness.holds_jobs = false;
        harness.goes_well();
        assert_eq!(offset(&mut second[0]), Some(21));
        harness.ends();
    }
}

#[test]
fn chunks_that_compression_frees_go_back_to_the_budget_before_the_batch_is_sent() {
    let mut harness = PartitionHarness::compressed(Compression::Zstd);
    (0..20).for_each(|_| drop(send_words(&harness)));
    assert!(harness.used() > 400_000);
    let Claimed::Job(job) = harness.claimed() else { panic!("it is worth sending") };
    harness.begin(job);
    assert!(harness.partition_sender.has_prepared() && harness.used() < 200_000, "{} bytes", harness.used());
    harness.goes_well();
    harness.ends();
}

#[test]
fn deadline_settles_prepared_batches_that_no_request_took() {
    let mut harness = PartitionHarness::compressed(Compression::Lz4);
    let mut record_handles = send_words(&harness);
    let Claimed::Job(job) = harness.claimed() else { panic!("it is worth sending") };
    harness.begin(job);
    assert!(harness.partition_sender.has_prepared());
    harness.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    }
    assert_eq!(harness.used(), 0);
    harness.ends();
}

#[test]
fn deadline_of_a_rejected_batch_in_a_job_leaves_a_gap_behind_it() {
    let mut harness = PartitionHarness::compressed(Compression::Gzip);
    let mut record_handles = send_words(&harness);
    let whole = harness.next().unwrap();
    harness.holds_jobs = true;
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    harness.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    }
    harness.holds_jobs = false;
    harness.end_jobs();
    let (_, next) = harness.send_alone("next");
    assert_eq!(stamp(&next), (1, 0), "the sequences of the rejected batch are not used again");
    harness.served(next);
    harness.ends();
}

#[test]
fn end_of_the_producer_fails_records_in_jobs_and_prepared_ones() {
    let mut harness = PartitionHarness::compressed(Compression::Zstd);
    let whole = {
        send_words(&harness);
        harness.next().unwrap()
    };
    harness.holds_jobs = true;
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let mut waiting = send_words(&harness);
    let Claimed::Job(job) = harness.claimed() else { panic!("it is worth sending") };
    harness.begin(job);
    harness.partition_sender.abort(&mut harness.completer).unwrap();
    harness.completer.finish();
    for record_handle in &mut waiting {
        assert_eq!(failure(record_handle), Some((ErrorKind::Closed, Persisted::No)));
    }
    assert_eq!(harness.completer.counters.failed, 40);
    harness.end_jobs();
    harness.ends();
}

#[test]
fn job_that_is_lost_fails_its_records_at_once() {
    let mut harness = PartitionHarness::compressed(Compression::Lz4);
    harness.holds_jobs = true;
    let mut record_handles = send_words(&harness);
    assert!(harness.next().is_none());
    let job = harness.jobs.remove(0);
    let lost = CompressionResult::lost(job.id(), job.charged());
    harness.partition_sender.compressed(lost, &mut harness.completer);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::Internal, Persisted::No)));
    }
    harness.holds_jobs = false;
    harness.send("next");
    let next = harness.next().unwrap();
    harness.served(next);
    assert_eq!(written(&harness), ["next"]);
    // What the lost batch took of the budget is free.
    harness.ends();
}

impl PartitionHarness {
    fn claimed(&mut self) -> Claimed {
        self.partition_sender.partition().poll(self.now, true, true, usize::MAX).unwrap();
        self.partition_sender.claim(self.now)
    }
}
