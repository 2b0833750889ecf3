//! The golden record batches are what Kafka's own classes write, and what this crate compresses is what they read.

use milena_codec::compression::{Compression, Compressor, Outcome};
use milena_codec::record::{HEADER_BYTES, RecordBatch, RecordBatches};
use milena_tests::kafka::Release;
use milena_tests::kafka::golden::{Files, kept, read_by, written_by};

const PROGRAM: &str = "Batches.java";
/// The program is compiled against the classes of the reference: their packages differ between releases.
const RELEASE: Release = Release::REFERENCE;

#[test]
fn the_golden_batches_are_what_java_writes() {
    let (written, kept) = (written_by(RELEASE, PROGRAM), kept("batches"));
    assert_eq!(kept.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    for (name, bytes) in &kept {
        match name.ends_with(".txt") {
            true => {
                assert_eq!(String::from_utf8_lossy(&written[name]), String::from_utf8_lossy(bytes), "{name}")
            }
            false => assert_eq!(certain(&written[name]), certain(bytes), "{name}"),
        }
    }
}

/// The batches that do not depend on the zlib of the Java machine.
fn certain(file: &[u8]) -> Vec<&[u8]> {
    let batches = RecordBatches::new(file).map(|batch| batch.expect("a whole batch"));
    let certain = |batch: &RecordBatch<'_>| batch.header.attributes.compression() != Some(Compression::Gzip);
    batches.filter(certain).map(|batch| batch.bytes()).collect()
}

#[test]
fn java_reads_what_was_compressed_here_at_any_level() {
    let kept = kept("batches");
    let (mut files, mut compressed) = (Files::new(), 0);
    for (name, file) in kept.iter().filter(|(name, _)| name.ends_with(".batches")) {
        let whole = RecordBatches::new(file).next().expect("a batch").expect("a whole one");
        for (compression, level) in levels() {
            let batch = by(&whole, compression, level);
            compressed += usize::from(batch.is_some());
            files.extend(batch.map(|batch| (format!("{compression} {level:?}.{name}"), batch)));
        }
    }
    assert!(compressed > 50, "{compressed} batches became smaller");
    let read = read_by(RELEASE, PROGRAM, &files);
    for name in files.keys() {
        let (codec, original) = name.split_once('.').expect("a codec");
        let codec = codec.split_once(' ').map_or(codec, |(codec, _)| codec);
        let expected = text(&kept, original).replace("compression=none", &format!("compression={codec}"));
        assert_eq!(first_batch(&text(&read, name)), first_batch(&expected), "{name}");
    }
}

/// Every codec at its default, and at the ends of its levels.
fn levels() -> impl Iterator<Item = (Compression, Option<i32>)> {
    let defaults = Compression::ALL.into_iter().skip(1).map(|codec| (codec, None));
    let gzip = [1, 9].map(|level| (Compression::Gzip, Some(level)));
    let lz4 = [1, 17].map(|level| (Compression::Lz4, Some(level)));
    let zstd = [-5, 1, 9, 19].map(|level| (Compression::Zstd, Some(level)));
    defaults.chain(gzip).chain(lz4).chain(zstd)
}

/// The same batch, compressed; none if that would not make it smaller.
fn by(batch: &RecordBatch<'_>, compression: Compression, level: Option<i32>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; HEADER_BYTES];
    let mut compressor = Compressor::new(compression, level).expect("a level of the codec");
    let outcome = compressor.compress(std::iter::once(batch.body()), &mut bytes);
    assert!(!matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    let mut header = batch.header;
    header.attributes = header.attributes.with_compression(compression);
    header.seal(&mut bytes, []);
    matches!(outcome, Outcome::Compressed { .. }).then_some(bytes)
}

/// What Java says of a file of batches.
fn text(files: &Files, name: &str) -> String {
    let text = &files[&name.replace(".batches", ".txt")];
    String::from_utf8(text.clone()).expect("text")
}

/// The lines of the first of them.
fn first_batch(text: &str) -> Vec<&str> {
    let rest = text.lines().skip(1).take_while(|line| !line.starts_with("batch"));
    text.lines().take(1).chain(rest).collect()
}
