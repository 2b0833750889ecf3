//! The hashes behind the families. Each takes the bytes of a key and returns 32 bits; how these become a partition
//! differs from client to client and is in [`Partitioner`](crate::Partitioner).

/// Murmur2 with Kafka's seed, as in `org.apache.kafka.common.utils.Utils.murmur2`.
///
/// ```
/// use milena_partitioner::hash::murmur2;
/// assert_eq!(murmur2(b"kafka"), 0xd067_cf64);
/// ```
#[inline]
#[must_use]
pub fn murmur2(key: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    // Java's arrays end at 2³¹−1; a longer key wraps, as a cast of the length would.
    let length = u32::try_from(key.len() & 0x7fff_ffff).unwrap_or(u32::MAX);
    let (words, tail) = key.as_chunks::<4>();

    let mut hash = SEED ^ length;
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (place, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// FNV-1a with 32 bits, as in Go's `hash/fnv` and librdkafka's `rd_fnv1a`.
///
/// ```
/// use milena_partitioner::hash::fnv1a;
/// assert_eq!(fnv1a(b""), 0x811c_9dc5);
/// ```
#[inline]
#[must_use]
pub fn fnv1a(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// CRC-32 (IEEE 802.3), as in Go's `hash/crc32` and zlib.
///
/// ```
/// use milena_partitioner::hash::crc32;
/// assert_eq!(crc32(b"23456"), 0xb1b4_51d7);
/// ```
#[inline]
#[must_use]
pub fn crc32(key: &[u8]) -> u32 {
    !key.iter().fold(u32::MAX, |crc, byte| (crc >> 8) ^ CRC32[usize::from(crc.to_le_bytes()[0] ^ byte)])
}

/// Each byte after eight shifts: the polynomial 0x04c11db7, its bits reversed.
const CRC32: [u32; 256] = {
    let mut table = [0; 256];
    let mut index: u32 = 0;
    while index < 256 {
        let mut crc: u32 = index;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
};
