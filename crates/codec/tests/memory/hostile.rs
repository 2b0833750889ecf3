//! Frames made to allocate as much as they can: the decoder's own errors tell where a count stands and how large it
//! may be at most, and that much is promised there.
//!
//! A count of 2³¹−1 is put at one offset after the other. Where the decoder answers that this is too many, a count
//! stands, and it names its limit; the frame then promises all of it, or half of it so that the arrays inside have
//! something left to promise too. What makes the frame allocate more stays, and the search goes on behind it. Searched
//! is a short frame; a long one of the same make promises the same in the same places.

use milena_codec::message::Version;
use milena_codec::wire::{DecodeError, Problem};

use super::meter::bytes_of;

/// The bytes behind what was found: zeros, which are empty strings and arrays in the old form; ones, which are the same
/// in the compact form; and others.
const FILLINGS: [&[u8]; 5] = [&[0], &[1], &[0xff], &[2, 97], &[0, 1, 97]];

/// How long the frames are: the first is searched, the others follow it.
const LENGTHS: [usize; 4] = [512, 16, 4 << 10, 64 << 10];

/// Offsets at which a count is looked for.
const SEARCHED: usize = 96;

/// How a count is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Long,
    Compact,
    Short,
}

/// A count that a frame was led to believe.
#[derive(Clone, Copy, Debug)]
struct Promise {
    at: usize,
    form: Form,
    /// Which part of what is left it promises.
    share: usize,
}

/// What a frame came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Its length.
    pub(crate) length: usize,
    /// The most bytes that it allocated.
    pub(crate) bytes: usize,
    /// How many frames were decoded to find it.
    pub(crate) frames: usize,
    /// Its counts.
    pub(crate) counts: Vec<usize>,
}

/// Looks for the frames that make `decode` allocate the most, beginning with nothing or with a valid message.
pub(crate) fn search(
    version: Version,
    valid: &[u8],
    mut check: impl FnMut(&Outcome),
    decode: impl Fn(&[u8], Version) -> Result<(), DecodeError>,
) {
    let decode = |frame: &[u8]| decode(frame, version);
    for filling in FILLINGS {
        for (start, share) in [(&[][..], 1), (&[], 2), (valid, 1)] {
            let make = |length| start.iter().chain(filling.iter().cycle()).copied().take(length).collect();
            let promises = find(make(LENGTHS[0]), share, &decode, &mut check);
            LENGTHS[1..].iter().for_each(|length| check(&follow(make(*length), &promises, &decode)));
        }
    }
}

/// The counts that make a frame allocate the most.
fn find(
    mut frame: Vec<u8>,
    share: usize,
    decode: &impl Fn(&[u8]) -> Result<(), DecodeError>,
    check: &mut impl FnMut(&Outcome),
) -> Vec<Promise> {
    let mut outcome = Outcome::of(&frame, decode);
    let mut found = Vec::new();
    let mut at = 0;
    while at < SEARCHED {
        let promises = Form::ALL.map(|form| Promise { at, form, share });
        let kept = promises.into_iter().find(|promise| outcome.tempt(&mut frame, *promise, decode));
        at += kept.map_or(1, |promise| promise.form.bytes());
        found.extend(kept);
    }
    check(&outcome);
    found
}

/// A frame of another length with the same counts.
fn follow(
    mut frame: Vec<u8>,
    promises: &[Promise],
    decode: &impl Fn(&[u8]) -> Result<(), DecodeError>,
) -> Outcome {
    let mut outcome = Outcome::of(&frame, decode);
    for promise in promises {
        outcome.tempt(&mut frame, *promise, decode);
    }
    outcome
}

impl Outcome {
    fn of(frame: &[u8], decode: &impl Fn(&[u8]) -> Result<(), DecodeError>) -> Self {
        let ((), bytes) = bytes_of(|| drop(decode(frame)));
        Self { length: frame.len(), bytes, frames: 1, counts: Vec::new() }
    }

    /// Says how many bytes more this frame allocates than any before it.
    fn decode(
        &mut self,
        frame: &[u8],
        decode: &impl Fn(&[u8]) -> Result<(), DecodeError>,
    ) -> (Result<(), DecodeError>, usize) {
        let (result, bytes) = bytes_of(|| decode(frame));
        let more = bytes.saturating_sub(self.bytes);
        self.bytes = self.bytes.max(bytes);
        self.frames += 1;
        (result, more)
    }

    /// Puts a count of 2³¹−1 somewhere, then the greatest that is believed, and leaves that if the frame allocates more
    /// for it.
    fn tempt(
        &mut self,
        frame: &mut [u8],
        Promise { at, form, share }: Promise,
        decode: &impl Fn(&[u8]) -> Result<(), DecodeError>,
    ) -> bool {
        let place = at..at + form.bytes();
        let Some(before) = frame.get(place.clone()).map(<[u8]>::to_vec) else { return false };
        form.put(&mut frame[place.clone()], i32::MAX.unsigned_abs());
        let (result, _) = self.decode(frame, decode);
        if let Err(DecodeError { at: refused, problem: Problem::TooMany { limit, .. } }) = result
            && refused == place.end
        {
            let count = limit / share;
            form.put(&mut frame[place.clone()], u32::try_from(count).expect("a count of the wire"));
            let (_, more) = self.decode(frame, decode);
            // A string takes what it promises, and leaves nothing to promise for what is behind it.
            if more > 2 * count {
                self.counts.push(count);
                return true;
            }
        }
        frame[place].copy_from_slice(&before);
        false
    }
}

impl Form {
    const ALL: [Self; 3] = [Self::Long, Self::Compact, Self::Short];

    const fn bytes(self) -> usize {
        match self {
            Self::Long => 4,
            Self::Compact => 5,
            Self::Short => 2,
        }
    }

    /// Writes a count, as far as this form can.
    fn put(self, place: &mut [u8], count: u32) {
        match self {
            Self::Long => place.copy_from_slice(&count.to_be_bytes()),
            Self::Short => place.copy_from_slice(&i16::try_from(count).unwrap_or(i16::MAX).to_be_bytes()),
            Self::Compact => {
                for (byte, shift) in place.iter_mut().zip([0, 7, 14, 21, 28]) {
                    let [bits, ..] = ((count + 1) >> shift & 0x7f).to_le_bytes();
                    *byte = bits | if shift < 28 { 0x80 } else { 0 };
                }
            }
        }
    }
}
