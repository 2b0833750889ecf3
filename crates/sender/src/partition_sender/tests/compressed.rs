//! The same promises for batches that are compressed: in order, once, and one outcome for each record, also where a batch
//! has to be opened.

use super::*;

const CODECS: [Compression; 4] =
    [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

/// Sends 20 records of 1 000 bytes, as one batch; each is a number and words that compress to a third or so.
fn send_words(story: &Story) -> Vec<RecordHandle> {
    let mut dice = fastrand::Rng::with_seed(5);
    let mut words =
        || (0..250).map(|_| ["some", "word", "that", "come", "here"][dice.usize(..5)]).collect::<String>();
    (0..20).map(|number| story.send(&format!("{number} {}", words()))).collect()
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// The first words of what the log holds behind its first record.
fn written(story: &Story) -> Vec<String> {
    first_words(&story.log.texts()[1..])
}

fn first_words(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn too_large_batch_goes_in_parts_under_its_own_sequences() {
    for codec in CODECS {
        let mut story = Story::compressed(codec);
        let mut record_handles = send_words(&story);
        let flush = story.shared.outstanding.end_generation();
        let whole = story.next().unwrap();
        assert_eq!((whole.batch.codec(), whole.batch.records), (codec, 20));
        story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
        let parts: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
        assert!(parts.len() > 1);
        let mut expected = 1;
        for part in parts {
            assert_eq!((stamp(&part), part.batch.codec()), ((0, expected), codec));
            expected += i32::try_from(part.batch.records).unwrap();
            assert!(!story.shared.outstanding.is_settled(flush));
            story.served(part);
        }
        assert_eq!((expected, written(&story)), (21, numbers(20)));
        assert!(
            (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
        );
        assert!(story.shared.outstanding.is_settled(flush));
        story.ends();
    }
}

#[test]
fn nothing_overtakes_a_batch_that_is_being_opened() {
    for codec in CODECS {
        let mut story = Story::compressed(codec);
        send_words(&story);
        let whole = story.next().unwrap();
        let (_, behind) = story.fly("behind");
        let stamped = stamp(&behind);
        story.holds_jobs = true;
        story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
        story.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        story.send("new");
        assert!(story.next().is_none());
        assert!(!story.partition_sender.may_leave());

        story.holds_jobs = false;
        story.end_jobs();
        let again: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
        let kept = again.iter().find(|in_flight_batch| stamp(in_flight_batch) == stamped).map(values);
        assert_eq!(kept, Some(vec!["behind".to_owned()]));
        again.into_iter().for_each(|in_flight_batch| drop(story.served(in_flight_batch)));
        story.goes_well();
        let mut expected = numbers(20);
        expected.extend(["behind".to_owned(), "new".to_owned()]);
        assert_eq!(written(&story), expected);
        story.ends();
    }
}

#[test]
fn too_large_batch_whose_answer_was_lost_is_written_once_in_parts_or_as_a_whole() {
    for codec in CODECS {
        for was_written in [false, true] {
            let mut story = Story::compressed(codec);
            let mut record_handles = send_words(&story);
            let in_flight_batch = story.next().unwrap();
            if was_written {
                story.applied(&in_flight_batch, MAX);
            }
            story.lost(in_flight_batch);
            let mut behind = story.send("behind");
            story.pause();
            let again = story.next().unwrap();
            story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
            story.goes_well();
            for (place, record_handle) in (1..).zip(&mut record_handles) {
                match was_written {
                    true => assert_eq!(
                        failure(record_handle),
                        Some((FailureKind::OutcomeUnknown, Persisted::Maybe))
                    ),
                    false => assert_eq!(offset(record_handle), Some(place)),
                }
            }
            assert_eq!(offset(&mut behind), Some(21));
            assert_eq!(written(&story)[..20], numbers(20), "once, {codec}");
            story.ends();
        }
    }
}

#[test]
fn records_that_a_broker_names_fail_alone() {
    for codec in CODECS {
        for places in [&[0][..], &[4], &[9], &[3, 4, 5], &[1, 3, 5, 7, 9]] {
            blame::check(Story::compressed(codec), 10, 100, places);
        }
        let places: Vec<u32> = (0..3_000).step_by(700).collect();
        blame::check(Story::compressed(codec), 3_000, 150, &places);
    }
}

#[test]
fn retry_sends_the_same_bytes_and_a_new_epoch_the_same_compressed_records() {
    let mut story = Story::compressed(Compression::Zstd);
    send_words(&story);
    let in_flight_batch = story.next().unwrap();
    let first = bytes(&in_flight_batch);
    story.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.pause();
    let in_flight_batch = story.next().unwrap();
    assert_eq!(bytes(&in_flight_batch), first);
    story.log.forget_producers();
    // Another batch of the run is missing, as far as the broker knows.
    story.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.pause();
    let in_flight_batch = story.next().unwrap();
    assert_eq!(stamp(&in_flight_batch), (1, 0));
    let again = bytes(&in_flight_batch);
    let parsed = [&first, &again].map(|bytes| RecordBatch::parse(bytes).unwrap().body().to_vec());
    assert_eq!(parsed[0], parsed[1]);
    story.served(in_flight_batch);
    story.ends();
}

#[test]
fn deadline_settles_records_in_a_job_and_their_bytes_come_back_with_it() {
    for codec in CODECS {
        let mut story = Story::compressed(codec);
        story.holds_jobs = true;
        let mut record_handles = send_words(&story);
        assert!(story.next().is_none() && story.jobs.len() == 1);
        assert_eq!(
            story.partition_sender.deadline(&story.config),
            Some(story.now + story.config.delivery_timeout)
        );
        story.deadline();
        for record_handle in &mut record_handles {
            assert_eq!(failure(record_handle), Some((FailureKind::DeliveryTimeout, Persisted::No)));
        }
        assert!(story.used() > 0 && story.partition_sender.deadline(&story.config).is_none());
        story.send("next");
        assert!(story.next().is_none(), "its place is taken until the job is done");
        story.holds_jobs = false;
        story.end_jobs();
        story.goes_well();
        assert_eq!(written(&story), ["next"]);
        story.ends();
    }
}

#[test]
fn deadline_of_a_batch_in_flight_leaves_the_next_one_alone() {
    for holds_jobs in [false, true] {
        let mut story = Story::compressed(Compression::Lz4);
        let mut first = send_words(&story);
        let in_flight_batch = story.next().unwrap();
        story.now += story.config.delivery_timeout / 2;
        let mut second = send_words(&story);
        story.holds_jobs = holds_jobs;
        let Claimed::Job(job) = story.claimed() else { panic!("it is worth sending") };
        story.begin(job);
        story.now += story.config.delivery_timeout / 2;
        story.expire();
        assert_eq!(failure(&mut first[0]), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
        assert!(second.iter_mut().all(is_pending));
        story.served(in_flight_batch);
        story.end_jobs();
        story.holds_jobs = false;
        story.goes_well();
        assert_eq!(offset(&mut second[0]), Some(21));
        story.ends();
    }
}

#[test]
fn chunks_that_compression_frees_go_back_to_the_budget_before_the_batch_is_sent() {
    let mut story = Story::compressed(Compression::Zstd);
    (0..20).for_each(|_| drop(send_words(&story)));
    assert!(story.used() > 400_000);
    let Claimed::Job(job) = story.claimed() else { panic!("it is worth sending") };
    story.begin(job);
    assert!(story.partition_sender.has_prepared() && story.used() < 200_000, "{} bytes", story.used());
    story.goes_well();
    story.ends();
}

#[test]
fn deadline_settles_prepared_batches_that_no_request_took() {
    let mut story = Story::compressed(Compression::Lz4);
    let mut record_handles = send_words(&story);
    let Claimed::Job(job) = story.claimed() else { panic!("it is worth sending") };
    story.begin(job);
    assert!(story.partition_sender.has_prepared());
    story.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::DeliveryTimeout, Persisted::No)));
    }
    assert_eq!(story.used(), 0);
    story.ends();
}

#[test]
fn deadline_of_a_rejected_batch_in_a_job_leaves_a_gap_behind_it() {
    let mut story = Story::compressed(Compression::Gzip);
    let mut record_handles = send_words(&story);
    let whole = story.next().unwrap();
    story.holds_jobs = true;
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    story.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::DeliveryTimeout, Persisted::No)));
    }
    story.holds_jobs = false;
    story.end_jobs();
    let (_, next) = story.fly("next");
    assert_eq!(stamp(&next), (1, 0), "the sequences of the rejected batch are not used again");
    story.served(next);
    story.ends();
}

#[test]
fn end_of_the_producer_fails_records_in_jobs_and_prepared_ones() {
    let mut story = Story::compressed(Compression::Zstd);
    let whole = {
        send_words(&story);
        story.next().unwrap()
    };
    story.holds_jobs = true;
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let mut waiting = send_words(&story);
    let Claimed::Job(job) = story.claimed() else { panic!("it is worth sending") };
    story.begin(job);
    story.partition_sender.abort(&mut story.completer).unwrap();
    story.completer.finish();
    for record_handle in &mut waiting {
        assert_eq!(failure(record_handle), Some((FailureKind::Closed, Persisted::No)));
    }
    assert_eq!(story.completer.counters.failed, 40);
    story.end_jobs();
    story.ends();
}

#[test]
fn job_that_is_lost_fails_its_records_at_once() {
    let mut story = Story::compressed(Compression::Lz4);
    story.holds_jobs = true;
    let mut record_handles = send_words(&story);
    assert!(story.next().is_none());
    let job = story.jobs.remove(0);
    let lost = CompressionResult::lost(job.id(), job.charged());
    story.partition_sender.compressed(lost, &mut story.completer);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::Internal, Persisted::No)));
    }
    story.holds_jobs = false;
    story.send("next");
    let next = story.next().unwrap();
    story.served(next);
    assert_eq!(written(&story), ["next"]);
    // What the lost batch took of the budget is free.
    story.ends();
}

impl Story {
    fn claimed(&mut self) -> Claimed {
        self.partition_sender.partition().visit(self.now, true, true, usize::MAX).unwrap();
        self.partition_sender.claim(self.now)
    }
}
