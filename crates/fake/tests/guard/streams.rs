//! Compressed streams that are cut short or lie, with the answers that Kafka 4.3.1 gave, but for bytes behind a stream:
//! it passes over some of those.

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;

use crate::client::*;
use crate::packed::*;

const UNDECODABLE: ErrorCode = ErrorCode::UNKNOWN_SERVER_ERROR;

#[tokio::test]
async fn truncated_stream_is_undecodable() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in CODECS {
        let whole = stream(codec, &records());
        for end in 0..whole.len() {
            // Snappy's framing has no end: behind its header it is a stream without records.
            let expected = match (codec, end) {
                (Compression::Snappy, 16) => ErrorCode::INVALID_RECORD,
                _ => UNDECODABLE,
            };
            let code = wire.code(batch_of(codec, COUNT, &whole[..end])).await;
            assert_eq!(code, expected, "{codec}: {end} of {} bytes", whole.len());
        }
    }
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test]
async fn stream_of_another_codec_is_undecodable() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in CODECS {
        for other in Compression::ALL.into_iter().filter(|other| *other != codec) {
            let code = wire.code(batch_of(codec, COUNT, &stream(other, &records()))).await;
            assert_eq!(code, UNDECODABLE, "{other} that is said to be {codec}");
        }
    }
}

#[tokio::test]
async fn trailing_bytes_of_a_stream_are_rejected() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in CODECS {
        for behind in [&b"more"[..], &[0], &[0; 40]] {
            let stream = [&stream(codec, &records())[..], behind].concat();
            let code = wire.code(batch_of(codec, COUNT, &stream)).await;
            assert_eq!(code, UNDECODABLE, "{codec}: {} bytes", behind.len());
        }
    }
}

#[tokio::test]
async fn wrong_sizes_and_checksums_are_undecodable() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let content = records();
    let gzip = stream(Compression::Gzip, &content);
    let at_end = |from_end: usize| {
        let mut lie = gzip.clone();
        lie[gzip.len() - from_end] ^= 1;
        lie
    };
    let size = u32::try_from(content.len()).unwrap();
    for (what, codec, stream) in [
        ("a content size of a byte less", Compression::Zstd, zstd(size - 1, &content)),
        ("a content size of a byte more", Compression::Zstd, zstd(size + 1, &content)),
        ("a content size of 4 GiB", Compression::Zstd, zstd(u32::MAX, &content)),
        ("a block size of 4 GiB", Compression::Snappy, b"\xff\xff\xff\xff\x0f\x00".to_vec()),
        ("a CRC", Compression::Gzip, at_end(8)),
        ("a size behind the CRC", Compression::Gzip, at_end(4)),
        ("a block longer than the rest", Compression::Lz4, lz4(0x60, size + 1, &content)),
        ("blocks that depend on each other", Compression::Lz4, lz4(0x40, size, &content)),
    ] {
        assert_eq!(wire.code(batch_of(codec, COUNT, &stream)).await, UNDECODABLE, "{codec}: {what}");
    }
    assert_eq!(wire.code(batch_of(Compression::Zstd, COUNT, &zstd(size, &content))).await, ErrorCode::NONE);
    assert_eq!(
        wire.code(batch_of(Compression::Lz4, COUNT, &lz4(0x60, size, &content))).await,
        ErrorCode::NONE
    );
}

#[tokio::test]
async fn stream_forms_of_other_clients_are_accepted() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let content = records();
    let (head, tail) = content.split_at(content.len() / 2);
    let in_two = |codec| [stream(codec, head), stream(codec, tail)].concat();
    let skipped = [&stream(Compression::Zstd, &content)[..], b"\x50\x2A\x4D\x18\x02\0\0\0\x09\x09"].concat();
    for (what, codec, stream) in [
        ("two members", Compression::Gzip, in_two(Compression::Gzip)),
        ("two frames", Compression::Zstd, in_two(Compression::Zstd)),
        ("a frame to be skipped", Compression::Zstd, skipped),
        ("one raw block", Compression::Snappy, snap::raw::Encoder::new().compress_vec(&content).unwrap()),
    ] {
        assert_eq!(wire.code(batch_of(codec, COUNT, &stream)).await, ErrorCode::NONE, "{codec}: {what}");
        assert_eq!(values(&cluster, "t", 0).split_off(values(&cluster, "t", 0).len() - 5), VALUES);
    }
}

/// A frame of one raw block, with this for its content size.
fn zstd(size: u32, content: &[u8]) -> Vec<u8> {
    let block = u32::try_from(content.len() << 3 | 1).unwrap().to_le_bytes();
    let magic_and_descriptor = &[0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000];
    [&magic_and_descriptor[..], &size.to_le_bytes(), &block[..3], content].concat()
}

/// A frame of one stored block, with these flags and this for its length.
fn lz4(flags: u8, length: u32, content: &[u8]) -> Vec<u8> {
    // The second byte of the xxHash-32 of the descriptor.
    let checksum = if flags == 0x60 { 0x82 } else { 0xC0 };
    let head = [0x04, 0x22, 0x4D, 0x18, flags, 0x40, checksum];
    [&head[..], &(length | 1 << 31).to_le_bytes(), content, &[0; 4]].concat()
}
