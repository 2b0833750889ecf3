//! Frames in what a peer writes.

use milena_codec::frame::{LENGTH_BYTES, next_frame};

/// The first two bytes are the greatest length of a frame, in units of 16 bytes.
pub fn frames(input: &[u8]) {
    let Some((limit, mut rest)) = input.split_first_chunk() else { return };
    let limit = usize::from(u16::from_be_bytes(*limit)) * 16;
    loop {
        match next_frame(rest, limit) {
            Ok(Some(content)) => {
                assert!(content <= limit, "a frame of {content} bytes, and {limit} are allowed");
                rest = &rest[LENGTH_BYTES + content..];
            }
            Ok(None) => return,
            Err(error) => {
                let length = i64::from(error.length);
                assert!(length < 0 || usize::try_from(length).is_ok_and(|length| length > limit), "{error}");
                return;
            }
        }
    }
}
