//! Errors of decoding and of encoding.

use std::fmt;

/// Malformed bytes: the problem, and its offset.
///
/// ```
/// use milena_codec::wire::{Problem, Reader};
/// let error = Reader::new(&[0, 1]).i32().unwrap_err();
/// assert_eq!(error.problem, Problem::Truncated { needed: 4, left: 2 });
/// assert_eq!(error.to_string(), "at byte 0: 4 bytes needed, 2 left");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset of the offending bytes from the start of what was decoded.
    pub at: usize,
    /// The problem there.
    pub problem: Problem,
}

/// The result of reading a field. The error is boxed: in place it would be larger than most fields, and each field that is
/// read would be moved around with the room for it.
///
/// ```
/// use milena_codec::wire::{DecodeError, Decoded, Field, Reader, Version};
/// fn read(bytes: &[u8]) -> Result<String, DecodeError> {
///     let text: Decoded<String> = String::read(&mut Reader::new(bytes), Version { number: 0, flexible: false });
///     Ok(text?)
/// }
/// assert_eq!(read(&[0, 2, b'o', b'k']), Ok("ok".to_owned()));
/// ```
pub type Decoded<T> = Result<T, Box<DecodeError>>;

impl From<Box<Self>> for DecodeError {
    fn from(error: Box<Self>) -> Self {
        *error
    }
}

/// A problem of the bytes.
///
/// ```
/// use milena_codec::message::{EndTxnResponse, Message, Version};
/// use milena_codec::wire::Problem;
/// let error = EndTxnResponse::decode_exact(&[0; 7], Version::of::<EndTxnResponse>(0)).unwrap_err();
/// assert_eq!((error.at, &error.problem), (6, &Problem::Trailing { left: 1 }));
/// assert_eq!(error.problem.to_string(), "1 bytes after the end of the message");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes end before the value does.
    Truncated {
        /// Bytes that the value takes.
        needed: usize,
        /// Bytes that were there.
        left: usize,
    },
    /// A count of more elements than the remaining bytes could hold.
    TooMany {
        /// Elements promised.
        count: u64,
        /// Elements that the remaining bytes could hold at most.
        limit: usize,
    },
    /// A length or count below zero where nothing may be absent.
    NegativeLength(i64),
    /// A null where this version of the message allows none.
    UnexpectedNull,
    /// A varint that runs on past its last byte.
    VarintTooLong,
    /// A string that is not UTF-8.
    NotUtf8,
    /// Tagged fields out of order or twice (KIP-482 wants them ascending).
    TagOrder {
        /// The tag that is out of order.
        tag: u32,
    },
    /// Bytes after the end of the message.
    Trailing {
        /// How many.
        left: usize,
    },
    /// The message has no such version.
    UnknownVersion(i16),
    /// A length or value that contradicts another one.
    Mismatch {
        /// The field.
        what: &'static str,
        /// The expected value.
        expected: i64,
        /// The value in the bytes.
        found: i64,
    },
    /// A record batch or message set of a format before magic 2, which Kafka 4 neither writes nor takes (KIP-724).
    OldFormat {
        /// Its magic byte.
        magic: i8,
    },
    /// The records of the batch are compressed, and were read without decompression.
    Compressed {
        /// The number of the compression.
        id: u8,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => write!(f, "{needed} bytes needed, {left} left"),
            Self::TooMany { count, limit } => {
                write!(f, "count of {count} elements, the bytes left hold at most {limit}")
            }
            Self::NegativeLength(length) => write!(f, "length {length} is negative"),
            Self::UnexpectedNull => f.write_str("null is not allowed in this version"),
            Self::VarintTooLong => f.write_str("varint is too long"),
            Self::NotUtf8 => f.write_str("string is not UTF-8"),
            Self::TagOrder { tag } => write!(f, "tagged field {tag} is repeated or out of order"),
            Self::Trailing { left } => write!(f, "{left} bytes after the end of the message"),
            Self::UnknownVersion(version) => write!(f, "unknown version {version} of the message"),
            Self::Mismatch { what, expected, found } => {
                write!(f, "{what} is {found}, expected {expected}")
            }
            Self::OldFormat { magic } => write!(f, "record batch has magic {magic}, only 2 is supported"),
            Self::Compressed { id } => write!(f, "records are compressed (codec id {id})"),
        }
    }
}

/// A message that this version of its schema cannot carry.
///
/// ```
/// use milena_codec::message::{Message, MetadataRequest, Version};
/// use milena_codec::wire::EncodeError;
/// let all_topics = MetadataRequest { topics: None, ..MetadataRequest::default() };
/// let error = all_topics.encode(&mut Vec::new(), Version::of::<MetadataRequest>(0)).unwrap_err();
/// assert_eq!(error, EncodeError::NullNotAllowed { field: "topics", version: 0 });
/// assert_eq!(error.to_string(), "`topics` must not be null in version 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The message has no such version.
    UnknownVersion {
        /// The message.
        message: &'static str,
        /// The requested version.
        version: i16,
    },
    /// A field that the version does not have, and which must not get lost silently, is set.
    NotInVersion {
        /// The field.
        field: &'static str,
        /// The requested version.
        version: i16,
    },
    /// A field is null, and the version has no null for it.
    NullNotAllowed {
        /// The field.
        field: &'static str,
        /// The requested version.
        version: i16,
    },
    /// A string longer than 32 767 bytes, or bytes or an array longer than 2³¹−1.
    TooLong {
        /// Its length.
        length: usize,
        /// The most that can be written.
        limit: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion { message, version } => write!(f, "{message} has no version {version}"),
            Self::NotInVersion { field, version } => write!(f, "version {version} cannot carry `{field}`"),
            Self::NullNotAllowed { field, version } => {
                write!(f, "`{field}` must not be null in version {version}")
            }
            Self::TooLong { length, limit } => write!(f, "length {length} is above the limit of {limit}"),
        }
    }
}

impl std::error::Error for EncodeError {}
