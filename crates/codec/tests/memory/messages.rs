//! Messages: every one in every version.

use std::hint::black_box;

use milena_codec::message as ours;
use milena_codec::message::produce::ResponseReader;
use milena_codec::message::{Message, Version};
use milena_codec::wire::DecodeError;
use milena_codec::wire::generate::{Generate, RandomBytes};

use super::hostile::{Outcome, search};
use super::meter::ALLOWANCE;

/// What an owned message may allocate for each byte of its frame: a string of no bytes takes 24 in memory, and one in
/// the frame.
const OWNED_TIMES: usize = 24;
/// The same for a response that is read without being kept.
const BORROWED_TIMES: usize = 1;

/// Returns how many frames there were.
pub(crate) fn owned_messages_stay_below_24_times_their_frame() -> usize {
    macro_rules! check_all {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            [$(check_owned::<ours::$request>(),)* $(check_owned::<ours::$response>(),)*]
        };
    }
    milena_codec::for_each_message!(check_all).into_iter().sum()
}

fn check_owned<M: Message + Generate>() -> usize {
    check::<M>(OWNED_TIMES, |bytes, version| M::decode_exact(bytes, version).map(drop))
}

/// Returns how many frames there were.
pub(crate) fn a_borrowed_response_stays_below_its_frame() -> usize {
    check::<ours::ProduceResponse>(BORROWED_TIMES, |bytes, version| {
        let mut reader = ResponseReader::new(bytes, version.number)?;
        while let Some(result) = reader.next_partition()? {
            result.record_errors.for_each(|error| _ = black_box(error));
        }
        reader.finish()?.1.for_each(|endpoint| _ = black_box(endpoint));
        Ok(())
    })
}

/// No frame makes `decode` allocate more than so many times its length.
fn check<M: Message + Generate>(
    times: usize,
    decode: impl Fn(&[u8], Version) -> Result<(), DecodeError>,
) -> usize {
    let mut frames = 0;
    let mut worst = Outcome { length: 1, ..Outcome::default() };
    for number in M::VERSIONS {
        let version = Version::of::<M>(number);
        let check = |outcome: &Outcome| {
            frames += outcome.frames;
            let allowed = ALLOWANCE + times * outcome.length;
            assert!(outcome.bytes <= allowed, "{} {number}: {allowed} are allowed, {outcome:?}", M::NAME);
            if outcome.bytes * worst.length > worst.bytes * outcome.length {
                worst = outcome.clone();
            }
        };
        search(version, &valid::<M>(version), check, &decode);
    }
    println!("{}: {:.1} times its frame, {worst:?}", M::NAME, worst.bytes as f64 / worst.length as f64);
    frames
}

/// A message with something in every field.
fn valid<M: Message + Generate>(version: Version) -> Vec<u8> {
    let choices: Vec<u8> = (0..120u8).map(|index| index.wrapping_mul(37).wrapping_add(5)).collect();
    let mut bytes = Vec::new();
    let written = M::generate(&mut RandomBytes::new(&choices), version).encode(&mut bytes, version);
    assert!(written.is_ok(), "{} {version:?}: {written:?}", M::NAME);
    bytes
}
