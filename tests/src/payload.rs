//! Payloads for codecs: text that compresses well, and bytes that do not compress at all. Each begins with a tag.

/// A thousand bytes that compress to about a tenth, from a number.
#[must_use]
pub fn line(number: u32) -> String {
    let mut word = u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut digits = String::new();
    while digits.len() < 120 {
        word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        digits += &format!("{word:016x}");
    }
    format!("0/{number} {}{:870}", &digits[..120], "the rest of a line is always the same; ")
}

/// Bytes that no codec makes fewer, from a number.
#[must_use]
pub fn noise(number: u32, bytes: usize) -> Vec<u8> {
    let mut word = u64::from(number).wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut noise = format!("0/{number} ").into_bytes();
    while noise.len() < bytes {
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        noise.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}
