//! From bytes to frames: lines, or values behind their lengths. A frame is bounded, whatever the input holds.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;
/// The length that stands for a null.
const NULL: i32 = -1;

/// Input in which something is wrong.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: String,
    /// Whether the next frame can be found all the same.
    pub(super) goes_on: bool,
}

impl Broken {
    fn skipped(what: String) -> Self {
        Self { what, goes_on: true }
    }

    fn ended(what: String) -> Self {
        Self { what, goes_on: false }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::ended(format!("cannot be read: {error}"))
    }
}

/// One input, frame by frame.
pub(super) struct Frames<R> {
    reader: BufReader<R>,
    frame: Vec<u8>,
    /// Most bytes of a frame.
    bytes_max: usize,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(reader: R, bytes_max: usize) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, reader), frame: Vec::new(), bytes_max }
    }

    /// Whether the whole of the next line is not there yet.
    pub(super) fn line_may_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// Whether the whole of the next value is not there yet.
    pub(super) fn value_may_wait(&self) -> bool {
        let Some((length, value)) = self.reader.buffer().split_first_chunk::<4>() else { return true };
        usize::try_from(i32::from_be_bytes(*length)).is_ok_and(|bytes| value.len() < bytes)
    }

    /// The next line without its end, LF or CR LF; none at the end of the input.
    pub(super) fn line(&mut self) -> Result<Option<&[u8]>, Broken> {
        self.frame.clear();
        let limit = self.bytes_max as u64 + 2;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.frame)?;
        if read == 0 {
            return Ok(None);
        }
        if !self.frame.ends_with(b"\n") && self.frame.len() > self.bytes_max {
            self.frame = Vec::new();
            self.reader.skip_until(b'\n')?;
            return Err(Broken::skipped(format!(
                "the line is longer than {} bytes: shorten it, or raise max.request.size",
                self.bytes_max
            )));
        }
        let line = self.frame.strip_suffix(b"\n").unwrap_or(&self.frame);
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The next value behind its length, `Some(None)` for a null; none at the end of the input.
    pub(super) fn value(&mut self) -> Result<Option<Option<&[u8]>>, Broken> {
        let Some(length) = self.length()? else { return Ok(None) };
        if length == NULL {
            return Ok(Some(None));
        }
        let Ok(bytes) = usize::try_from(length) else {
            return Err(Broken::ended(format!("the length is {length}: write 0 or more, or -1 for a null")));
        };
        if bytes > self.bytes_max {
            self.discard(bytes)?;
            return Err(Broken::skipped(format!(
                "the value of {bytes} bytes is longer than {}: shorten it, or raise max.request.size",
                self.bytes_max
            )));
        }
        self.frame.clear();
        let read = self.reader.by_ref().take(bytes as u64).read_to_end(&mut self.frame)?;
        match read == bytes {
            true => Ok(Some(Some(&self.frame))),
            false => Err(truncated(bytes, read)),
        }
    }

    fn length(&mut self) -> Result<Option<i32>, Broken> {
        let mut length = Vec::with_capacity(4);
        self.reader.by_ref().take(4).read_to_end(&mut length)?;
        match <[u8; 4]>::try_from(length.as_slice()) {
            Ok(length) => Ok(Some(i32::from_be_bytes(length))),
            Err(_) if length.is_empty() => Ok(None),
            Err(_) => Err(Broken::ended(format!(
                "the input ends after {} of the 4 bytes of a length",
                length.len()
            ))),
        }
    }

    fn discard(&mut self, bytes: usize) -> Result<(), Broken> {
        let mut rest = self.reader.by_ref().take(bytes as u64);
        let read = io::copy(&mut rest, &mut io::sink())?;
        let read = usize::try_from(read).unwrap_or(usize::MAX);
        if read == bytes { Ok(()) } else { Err(truncated(bytes, read)) }
    }
}

fn truncated(bytes: usize, read: usize) -> Broken {
    Broken::ended(format!("the input ends after {read} of the {bytes} bytes of a value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 10;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut frames = Frames::new(input, MAX);
        let mut lines = Vec::new();
        loop {
            match frames.line() {
                Ok(None) => return lines,
                Ok(Some(line)) => lines.push(String::from_utf8_lossy(line).into_owned()),
                Err(broken) => lines.push(format!("broken: {} {}", broken.goes_on, broken.what)),
            }
        }
    }

    fn values(input: &[u8]) -> Vec<String> {
        let mut frames = Frames::new(input, MAX);
        let mut values = Vec::new();
        loop {
            match frames.value() {
                Ok(None) => return values,
                Ok(Some(None)) => values.push("null".to_owned()),
                Ok(Some(Some(value))) => values.push(String::from_utf8_lossy(value).into_owned()),
                Err(Broken { what, goes_on: true }) => values.push(what),
                Err(Broken { what, .. }) => {
                    values.push(what);
                    return values;
                }
            }
        }
    }

    #[test]
    fn line_ends_at_lf_at_cr_lf_or_at_the_end() {
        assert_eq!(lines(b"a\nb\r\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(lines(b"a\n"), ["a"]);
        assert_eq!(lines(b""), Vec::<String>::new());
        assert_eq!(lines(b"a\rb\n"), ["a\rb"]);
    }

    #[test]
    fn too_long_line_is_skipped() {
        let found = lines(b"0123456789\n0123456789ABCDEFG\nb\n");
        assert_eq!((found[0].as_str(), found[2].as_str()), ("0123456789", "b"));
        assert!(found[1].starts_with("broken: true the line is longer than 10 bytes"), "{}", found[1]);
    }

    #[test]
    fn incomplete_frame_may_wait() {
        let mut frames = Frames::new(&b"a\nb\nc"[..], MAX);
        assert!(frames.line_may_wait());
        assert_eq!(frames.line().unwrap(), Some(&b"a"[..]));
        assert!(!frames.line_may_wait());
        assert_eq!(frames.line().unwrap(), Some(&b"b"[..]));
        assert!(frames.line_may_wait());

        let mut frames = Frames::new(&b"\0\0\0\0\0\0\0\x01a\0\0\0\x02b"[..], MAX);
        assert!(frames.value_may_wait());
        assert_eq!(frames.value().unwrap(), Some(Some(&b""[..])));
        assert!(!frames.value_may_wait());
        assert_eq!(frames.value().unwrap(), Some(Some(&b"a"[..])));
        assert!(frames.value_may_wait());
    }

    #[test]
    fn value_follows_its_length() {
        assert_eq!(values(b"\0\0\0\x02ab\0\0\0\0\xff\xff\xff\xff\0\0\0\x01c"), ["ab", "", "null", "c"]);
    }

    #[test]
    fn truncated_value_is_an_error() {
        assert_eq!(
            values(b"\0\0\0\x01a\0\0\0\x03b"),
            ["a", "the input ends after 1 of the 3 bytes of a value"]
        );
        assert_eq!(values(b"\0\0"), ["the input ends after 2 of the 4 bytes of a length"]);
        assert_eq!(
            values(b"\x7f\xff\xff\xffa"),
            ["the input ends after 1 of the 2147483647 bytes of a value"]
        );
    }

    #[test]
    fn too_long_value_is_skipped() {
        let found = values(b"\0\0\0\x0b01234567890\0\0\0\x01a");
        assert!(found[0].starts_with("the value of 11 bytes is longer than 10"), "{}", found[0]);
        assert_eq!(found[1], "a");
    }

    #[test]
    fn wrong_length_ends_the_input() {
        assert!(values(b"\xff\xff\xff\xfe\0\0\0\x01a")[0].starts_with("the length is -2"));
    }
}
