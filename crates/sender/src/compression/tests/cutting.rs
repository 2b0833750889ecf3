//! Batches that are cut, before they are sent and after a broker rejected them.

use super::*;

/// The parts hold the records in order, and exactly the record handles of the batch; returns the values.
fn check_parts(parts: &mut [Batch], bytes_max: usize) -> Vec<Vec<u8>> {
    let mut record_handle = 0;
    let mut all = Vec::new();
    for part in parts {
        assert!(part.bytes() <= bytes_max || part.records == 1, "{} bytes", part.bytes());
        assert_eq!(part.claim().first, record_handle);
        record_handle += part.records;
        all.extend(values(part));
    }
    all
}

#[test]
fn batch_that_comes_out_too_long_is_cut_before_it_is_sent() {
    for codec in CODECS {
        let (source, mut expected) = (Source::new(), events(2_000));
        expected.extend(noise(60, 500));
        let result = compress(source.batch(&expected), codec, 20_000);
        let (mut parts, source_batch) = parts(result);
        assert!(parts.len() > 2 && parts.iter().any(|part| part.codec() == codec), "{codec}");
        assert_eq!(check_parts(&mut parts, 20_000), expected, "{codec}");
        source.release(source_batch);
        assert!(source.used() <= parts.iter().map(Batch::bytes).sum::<usize>());
        parts.into_iter().for_each(|part| source.release(part));
        assert_eq!(source.used(), 0, "{codec}");
    }
}

#[test]
fn noise_beyond_the_limit_is_cut_and_not_compressed() {
    let (source, expected) = (Source::new(), noise(300, 300));
    let (mut parts, _) = parts(compress(source.batch(&expected), Compression::Lz4, 30_000));
    assert_eq!(check_parts(&mut parts, 30_000), expected);
    assert!(parts.iter().all(|part| part.codec() == Compression::None));
}

#[test]
fn records_that_compress_again_behind_noise_go_in_long_parts() {
    let (source, mut expected) = (Source::new(), noise(300, 300));
    expected.extend(events(10_000));
    let (mut parts, _) = parts(compress(source.batch(&expected), Compression::Zstd, 30_000));
    assert_eq!(check_parts(&mut parts, 30_000), expected);
    let longest = parts.iter().map(Batch::plain_bytes).max().unwrap();
    assert!(longest > 60_000, "{longest} bytes before compression at most");
}

#[test]
fn record_beyond_the_limit_is_a_part_of_its_own() {
    let (source, expected) = (Source::new(), noise(10, 6_000));
    let (mut parts, _) = parts(compress(source.batch(&expected), Compression::Snappy, 5_000));
    assert_eq!((check_parts(&mut parts, 5_000), parts.len()), (expected, 10));
}

#[test]
fn rejected_batch_is_cut_in_parts_within_the_limit() {
    for codec in CODECS {
        for bytes_max in [500, 3_000, 9_000] {
            let (source, expected) = (Source::new(), events(2_000));
            let mut batch = one(compress(source.batch(&expected), codec, usize::MAX));
            assert!(batch.bytes() > bytes_max);
            source.trim(&mut batch);
            let used = source.used();

            let result = job(Work::Cut, batch, codec, bytes_max).run(&mut Workspace::new());
            let (mut parts, rejected) = parts(result);
            assert!(parts.len() > 1);
            assert_eq!(check_parts(&mut parts, bytes_max), expected, "{codec}, {bytes_max} bytes");
            source.release(rejected);
            assert!(source.used() <= used);
            parts.into_iter().for_each(|part| source.release(part));
            assert_eq!(source.used(), 0, "{codec}, {bytes_max} bytes");
        }
    }
}

#[test]
fn batch_of_two_records_is_cut_in_two_even_if_the_limit_allows_both() {
    let source = Source::new();
    let expected = vec![b"ab".repeat(500), b"ab".repeat(500)];
    let batch = one(compress(source.batch(&expected), Compression::Gzip, usize::MAX));
    let bytes_max = batch.bytes() - 1;
    let (mut parts, _) =
        parts(job(Work::Cut, batch, Compression::Gzip, bytes_max).run(&mut Workspace::new()));
    assert_eq!((check_parts(&mut parts, bytes_max), parts.len()), (expected, 2));
}

#[test]
fn named_records_are_left_out_and_the_others_stay_together_as_far_as_they_stood() {
    for codec in CODECS {
        for (dropped, counts) in [
            (&[0][..], &[9][..]),
            (&[9], &[9]),
            (&[4], &[4, 5]),
            (&[3, 4, 5], &[3, 4]),
            (&[0, 2, 4, 6, 8], &[1, 1, 1, 1, 1]),
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[]),
        ] {
            let (source, all) = (Source::new(), events(10));
            let batch = one(compress(source.batch(&all), codec, usize::MAX));
            let work = Work::Drop(dropped.to_vec());
            let (mut parts, _) = parts(job(work, batch, codec, 1 << 20).run(&mut Workspace::new()));
            let left: Vec<Vec<u8>> = parts.iter_mut().flat_map(values).collect();
            let expected = all.iter().zip(0..).filter(|(_, index)| !dropped.contains(index));
            assert_eq!(left, expected.map(|(value, _)| value.clone()).collect::<Vec<_>>(), "{dropped:?}");
            assert_eq!(parts.iter().map(|part| part.records).collect::<Vec<_>>(), counts);
            let kept: Vec<u32> = parts
                .iter()
                .flat_map(|part| (0..part.records).map(|record| part.claim().first + record))
                .collect();
            assert_eq!(kept, (0..10).filter(|index| !dropped.contains(index)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn plain_batch_loses_named_records_across_its_chunks() {
    let (source, all) = (Source::new(), noise(100, 2_000));
    let batch = source.batch(&all);
    assert!(batch.piece_count() > 2);
    let work = Work::Drop(vec![0, 32, 33, 99]);
    let (mut parts, _) = parts(job(work, batch, Compression::Lz4, 1 << 20).run(&mut Workspace::new()));
    let left: Vec<Vec<u8>> = parts.iter_mut().flat_map(values).collect();
    let expected = [&all[1..32], &all[34..99]].concat();
    assert_eq!((left, parts.len()), (expected, 2));
}

#[test]
fn batch_that_does_not_decompress_comes_back_broken() {
    let source = Source::new();
    let mut batch = one(compress(source.batch(&events(100)), Compression::Zstd, usize::MAX));
    batch.set_compressed(b"no frame of zstd", Compression::Zstd);
    let result = job(Work::Cut, batch, Compression::Zstd, 100).run(&mut Workspace::new());
    assert!(matches!(result.output, Output::Broken { reason, .. } if reason.contains("zstd")));
}
