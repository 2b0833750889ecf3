//! The bytes of each format's frame, as Java's clients write and read them.

use super::data::{noise, runs, text};
use super::{compressed, decompressed};
use crate::compression::{Compression, DecompressProblem};

#[test]
fn gzip_begins_as_java_begins_it() {
    let content = text(1000, 1);
    let bytes = compressed(Compression::Gzip, &content).unwrap();
    assert_eq!(bytes[..10], [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]);
    assert_eq!(bytes[bytes.len() - 4..], 1000_u32.to_le_bytes());
}

#[test]
fn gzip_reads_every_field_of_a_header() {
    // echo -n abc, with an extra field, a name, a comment and a checksum of the header.
    let mut bytes = vec![0x1F, 0x8B, 8, 0b1_1110, 1, 2, 3, 4, 0, 3, 2, 0, 7, 7];
    bytes.extend_from_slice(b"name\0comment\0");
    let mut sum = flate2::Crc::new();
    sum.update(&bytes);
    bytes.extend_from_slice(&u16::try_from(sum.sum() & 0xffff).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[0x4B, 0x4C, 0x4A, 0x06, 0x00, 0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0]);
    assert_eq!(decompressed(Compression::Gzip, &bytes).unwrap(), b"abc");
    bytes[27] ^= 1;
    let error = decompressed(Compression::Gzip, &bytes).unwrap_err();
    assert_eq!(error.at, 27);
    assert!(error.to_string().contains("the checksum of the header is"), "{error}");
}

#[test]
fn gzip_sums_are_checked() {
    let good = compressed(Compression::Gzip, &text(1000, 1)).unwrap();
    for (from_end, what) in [(8, "the checksum of the content"), (4, "the size of the content")] {
        let mut bytes = good.clone();
        bytes[good.len() - from_end] ^= 1;
        let error = decompressed(Compression::Gzip, &bytes).unwrap_err();
        assert_eq!(error.at, good.len() - from_end);
        assert!(matches!(error.problem, DecompressProblem::Mismatch { what: found, .. } if found == what));
    }
}

#[test]
fn snappy_has_the_framing_of_snappy_java() {
    let content = runs(70_000, 1);
    let bytes = compressed(Compression::Snappy, &content).unwrap();
    assert_eq!(bytes[..16], *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01");
    let (mut at, mut sizes) = (16, Vec::new());
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        sizes.push(snap::raw::decompress_len(&bytes[at + 4..at + 4 + length]).unwrap());
        at += 4 + length;
    }
    assert_eq!((at, &sizes[..]), (bytes.len(), &[32_768, 32_768, 4464][..]));
}

#[test]
fn snappy_is_read_without_a_framing() {
    let content = text(100_000, 1);
    let raw = snap::raw::Encoder::new().compress_vec(&content).unwrap();
    assert_eq!(decompressed(Compression::Snappy, &raw).unwrap(), content);
    // A literal of three bytes.
    assert_eq!(decompressed(Compression::Snappy, b"\x03\x08abc").unwrap(), b"abc");
    assert_eq!(decompressed(Compression::Snappy, b"\0").unwrap(), b"");
}

#[test]
fn snappy_checks_claimed_sizes() {
    let mut bytes = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\0\x06\xff\xff\xff\xff\x0f\x00".to_vec();
    let error = decompressed(Compression::Snappy, &bytes).unwrap_err();
    let (what, found) = ("the size of a block, at most,", u32::MAX.into());
    assert_eq!((error.at, error.problem), (20, DecompressProblem::Mismatch { what, expected: 132, found }));
    bytes[15] = 2;
    let error = decompressed(Compression::Snappy, &bytes).unwrap_err();
    let expected = DecompressProblem::Mismatch { what: "the version", expected: 1, found: 2 };
    assert_eq!((error.at, error.problem), (12, expected));
}

#[test]
fn lz4_has_the_frame_that_java_writes_and_reads() {
    let content = runs(70_000, 1);
    let bytes = compressed(Compression::Lz4, &content).unwrap();
    assert_eq!(bytes[..7], [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]);
    let (mut at, mut sizes) = (7, Vec::new());
    loop {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        at += 4;
        if length == 0 {
            break;
        }
        sizes.push(lz4_flex::block::decompress(&bytes[at..at + length], 65_536).unwrap().len());
        at += length;
    }
    assert_eq!((at, &sizes[..]), (bytes.len(), &[65_536, 4464][..]));
}

#[test]
fn lz4_stores_a_block_that_does_not_become_smaller() {
    let content = [noise(65_536, 1), runs(60_000, 1)].concat();
    let bytes = compressed(Compression::Lz4, &content).unwrap();
    assert_eq!(bytes[7..11], (65_536_u32 | 1 << 31).to_le_bytes());
    assert_eq!(decompressed(Compression::Lz4, &bytes).unwrap(), content);
}

#[test]
fn lz4_reads_sizes_checksums_and_dependent_blocks() {
    // Independent blocks of up to 1 MiB, their checksums, the content size and the content's checksum; one block of
    // the literals abc.
    let mut bytes = vec![0x04, 0x22, 0x4D, 0x18, 0b0111_1100, 0x60, 3, 0, 0, 0, 0, 0, 0, 0];
    bytes.push(hash(&bytes[4..14]).to_le_bytes()[1]);
    bytes.extend_from_slice(&[4, 0, 0, 0, 0x30, b'a', b'b', b'c']);
    bytes.extend_from_slice(&hash(b"\x30abc").to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&hash(b"abc").to_le_bytes());
    assert_eq!(decompressed(Compression::Lz4, &bytes).unwrap(), b"abc");
    for (at, what) in [
        (6, "the checksum of the header"),
        (23, "the checksum of a block"),
        (31, "the checksum of the content"),
    ] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let error = decompressed(Compression::Lz4, &changed).unwrap_err();
        assert!(
            matches!(error.problem, DecompressProblem::Mismatch { what: found, .. } if found == what),
            "{error}"
        );
    }

    // A block that was stored, and one that copies 12 bytes from 12 before its start, then a literal of five.
    let mut bytes = vec![0x04, 0x22, 0x4D, 0x18, 0x40, 0x40];
    bytes.push(hash(&bytes[4..6]).to_le_bytes()[1]);
    bytes.extend_from_slice(&[12, 0, 0, 0x80]);
    bytes.extend_from_slice(b"hello, world");
    bytes.extend_from_slice(&[9, 0, 0, 0, 0x08, 12, 0, 0x50, b' ', b'a', b'n', b'd', b' ']);
    bytes.extend_from_slice(&[0; 4]);
    assert_eq!(decompressed(Compression::Lz4, &bytes).unwrap(), b"hello, worldhello, world and ");
}

fn hash(bytes: &[u8]) -> u32 {
    twox_hash::XxHash32::oneshot(0, bytes)
}

#[test]
fn zstd_frames_say_their_content_size_and_have_no_checksum() {
    let bytes = compressed(Compression::Zstd, &text(1000, 1)).unwrap();
    assert_eq!(bytes[..4], [0x28, 0xB5, 0x2F, 0xFD]);
    // Size of two bytes, one segment, no checksum, no dictionary; 1000 - 256.
    assert_eq!(bytes[4..7], [0b0110_0000, 0xE8, 0x02]);
}

#[test]
fn zstd_reads_hand_made_frames() {
    // A window of 128 MiB, no content size: five raw bytes, then three times the same.
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 17 << 3, 5 << 3, 0, 0];
    bytes.extend_from_slice(b"hello");
    bytes.extend_from_slice(&[3 << 3 | 1 << 1 | 1, 0, 0, b'!']);
    // Skipped.
    bytes.extend_from_slice(&[0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]);
    assert_eq!(decompressed(Compression::Zstd, &bytes).unwrap(), b"hello!!!");

    bytes[5] = 18 << 3;
    let error = decompressed(Compression::Zstd, &bytes).unwrap_err();
    assert_eq!((error.at, error.problem), (4, DecompressProblem::WindowTooLarge { limit: 128 << 20 }));
}

#[test]
fn zstd_checks_claimed_sizes() {
    // One raw block of a byte, and a content size of 2³² - 1.
    let bytes = [0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000, 0xff, 0xff, 0xff, 0xff, 1 << 3 | 1, 0, 0, b'a'];
    let error = decompressed(Compression::Zstd, &bytes).unwrap_err();
    let (what, found) = ("the content size, at most,", u32::MAX.into());
    assert_eq!((error.at, error.problem), (0, DecompressProblem::Mismatch { what, expected: 1, found }));
}

#[test]
fn zstd_checksums_are_checked() {
    // One raw block, and the lower half of the xxHash-64 of "abc", which is 44BC2CF5AD770999.
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0b0010_0100, 3, 3 << 3 | 1, 0, 0, b'a', b'b', b'c'];
    bytes.extend_from_slice(&[0x99, 0x09, 0x77, 0xAD]);
    assert_eq!(decompressed(Compression::Zstd, &bytes).unwrap(), b"abc");
    bytes[9] = b'b';
    let error = decompressed(Compression::Zstd, &bytes).unwrap_err();
    assert_eq!((error.at, error.problem), (0, DecompressProblem::Checksum));
}
