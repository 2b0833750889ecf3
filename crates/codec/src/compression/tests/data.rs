//! Content to compress, made from a seed.

use fastrand::Rng;

/// Lines of words and numbers, as logs have them.
pub(in crate::compression) fn text(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut text = Vec::with_capacity(bytes + 64);
    while text.len() < bytes {
        let (word, number) = (WORDS[random.usize(..WORDS.len())], random.u32(..));
        text.extend_from_slice(format!("{word}={number} ok, next {word};\n").as_bytes());
    }
    text.truncate(bytes);
    text
}

/// What nothing makes smaller.
pub(in crate::compression) fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    (0..bytes).map(|_| random.u8(..)).collect()
}

/// One byte for a while, then another one.
pub(in crate::compression) fn runs(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut runs = Vec::new();
    while runs.len() < bytes {
        let (byte, length) = (random.u8(..4), random.usize(1..3000));
        runs.resize(runs.len() + length, byte);
    }
    runs.truncate(bytes);
    runs
}

/// `content` cut into parts of all lengths, empty ones too.
pub(in crate::compression) fn cut(content: &[u8], seed: u64) -> Vec<&[u8]> {
    let mut random = Rng::with_seed(seed);
    let (mut parts, mut rest) = (Vec::new(), content);
    while !rest.is_empty() {
        let most = [0, 3, 700, 70_000][random.usize(..4)];
        let (part, left) = rest.split_at(random.usize(..=most).min(rest.len()));
        parts.push(part);
        rest = left;
    }
    parts
}

const WORDS: [&str; 6] = ["user", "order", "payment", "basket", "session", "retry"];
