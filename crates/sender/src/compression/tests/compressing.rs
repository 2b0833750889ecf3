//! A batch that was never sent.

use super::*;
use crate::sync::CHUNK_BYTES_MAX;

const PLENTY: usize = 1 << 20;

#[test]
fn every_codec_keeps_the_records_of_batches_of_one_and_of_many_chunks() {
    for codec in CODECS {
        for count in [2, 200, 5_000] {
            let (source, expected) = (Source::new(), events(count));
            let batch = source.batch(&expected);
            let (plain_bytes, used) = (batch.bytes(), source.used());
            let result = compress(batch, codec, PLENTY);
            assert!(result.failure().is_none() && result.compressed == 1);
            let mut batch = one(result);
            assert_eq!((values(&mut batch), batch.codec()), (expected, codec), "{codec}, {count} records");
            assert!(batch.bytes() < plain_bytes);

            let freed = source.trim(&mut batch);
            assert!(source.used() == used - freed && source.used() < batch.bytes() + CHUNK_BYTES_MAX);
            source.release(batch);
            assert_eq!(source.used(), 0, "{codec}, {count} records");
        }
    }
}

#[test]
fn compressed_bytes_lie_in_the_chunks_of_the_plain_ones() {
    let source = Source::new();
    let batch = source.batch(&events(5_000));
    let before: Vec<*const u8> = batch.pieces().map(<[u8]>::as_ptr).collect();
    let batch = one(compress(batch, Compression::Lz4, PLENTY));
    let after: Vec<*const u8> = batch.pieces().map(<[u8]>::as_ptr).collect();
    assert_eq!(after, before);
}

#[test]
fn record_in_a_batch_of_its_own_is_compressed_copied_or_shared() {
    let value = Bytes::from(b"a long line that comes again and again. ".repeat(10_000));
    for codec in CODECS {
        let source = Source::new();
        for batch in [source.batch(&[value.to_vec()]), source.batch_of_shared(&value)] {
            let mut batch = one(compress(batch, codec, 1_000));
            assert_eq!(values(&mut batch), [&value[..]], "a single record is not cut");
            let freed = source.trim(&mut batch);
            assert!(freed > value.len() / 2, "{codec}: {freed} bytes were given back");
            source.release(batch);
        }
        assert_eq!(source.used(), 0, "{codec}");
    }
}

#[test]
fn records_that_do_not_compress_go_as_they_are() {
    for codec in CODECS {
        let (source, expected) = (Source::new(), noise(8, 8_000));
        let batch = source.batch(&expected);
        let before = batch.pieces().collect::<Vec<_>>().concat();
        let result = compress(batch, codec, PLENTY);
        assert_eq!((result.compressed, result.plain_bytes), (0, result.wire_bytes));
        let mut batch = one(result);
        assert_eq!(batch.pieces().collect::<Vec<_>>().concat(), before, "{codec}");
        assert_eq!((batch.trim(&mut Vec::new()), batch.codec()), (0, Compression::None));
        assert_eq!(values(&mut batch), expected);
    }
}

#[test]
fn new_stamp_changes_header_and_crc_alone() {
    let source = Source::new();
    let mut batch = one(compress(source.batch(&events(100)), Compression::Zstd, PLENTY));
    let sealed = [Stamp::NONE, Stamp::NONE.after(3)].map(|stamp| {
        batch.seal(stamp);
        batch.record_pieces().collect::<Vec<_>>().concat()
    });
    assert_eq!(sealed[0], sealed[1]);
}

#[test]
fn workspace_serves_several_codecs_and_levels_in_turn() {
    let source = Source::new();
    let mut workspace = Workspace::new();
    let levels = [None, Some(1), Some(9)].map(|level| (Compression::Gzip, level));
    let others = CODECS.map(|codec| (codec, None));
    for (codec, level) in levels.into_iter().chain(others).chain(levels).chain(others) {
        let compression = TopicCompression::new(codec, level).unwrap();
        let (work, batch) = (Work::Compress, source.batch(&events(50)));
        let job = CompressionJob { id: ID, work, batch, compression, bytes_max: PLENTY };
        let mut batch = one(job.run(&mut workspace));
        assert_eq!((values(&mut batch), batch.codec()), (events(50), codec));
    }
}

#[test]
fn job_is_short_by_the_length_of_its_batch_and_the_pace_of_its_codec() {
    let source = Source::new();
    let is_short =
        |records, codec| job(Work::Compress, source.batch(&events(records)), codec, PLENTY).is_short();
    assert!(is_short(10, Compression::Gzip) && is_short(100, Compression::Lz4));
    assert!(!is_short(5_000, Compression::Gzip) && !is_short(5_000, Compression::Lz4));
}

#[test]
fn batch_goes_as_it_is_when_its_codec_fails_and_the_result_says_so() {
    let (source, expected) = (Source::new(), events(100));
    let mut workspace = Workspace::new();
    workspace.failures = Some(0);
    let job = job(Work::Compress, source.batch(&expected), Compression::Zstd, PLENTY);
    let result = job.run(&mut workspace);
    assert!(result.failure().is_some_and(|failure| failure.panicked) && result.compressed == 0);
    let mut batch = one(result);
    assert_eq!((values(&mut batch), batch.codec()), (expected, Compression::None));
}

#[test]
fn batch_that_is_too_long_for_a_failed_codec_is_cut_without_asking_it_again() {
    let (source, expected) = (Source::new(), events(1_000));
    let mut workspace = Workspace::new();
    workspace.failures = Some(0);
    let job = job(Work::Compress, source.batch(&expected), Compression::Zstd, 10_000);
    let (mut parts, _) = parts(job.run(&mut workspace));
    assert!(parts.len() > 4 && parts.iter().all(|part| part.bytes() <= 10_000));
    assert_eq!(parts.iter_mut().flat_map(values).collect::<Vec<_>>(), expected);
    assert_eq!(workspace.failures, Some(1));
}
