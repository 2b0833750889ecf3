//! Errors of decoding and of encoding.

use std::fmt;

use crate::errors::error_enum;

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

error_enum! {
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
        } => "{needed} bytes needed, {left} left";
        /// A count of more elements than the remaining bytes could hold.
        TooMany {
            /// Elements promised.
            count: u64,
            /// Elements that the remaining bytes could hold at most.
            limit: usize,
        } => "count of {count} elements, the bytes left hold at most {limit}";
        /// A length or count below zero where nothing may be absent.
        NegativeLength(length: i64) => "length {length} is negative";
        /// A null where this version of the message allows none.
        UnexpectedNull => "null is not allowed in this version";
        /// A varint that runs on past its last byte.
        VarintTooLong => "varint is too long";
        /// A string that is not UTF-8.
        NotUtf8 => "string is not UTF-8";
        /// Tagged fields out of order or twice (KIP-482 wants them ascending).
        TagOrder {
            /// The tag that is out of order.
            tag: u32,
        } => "tagged field {tag} is repeated or out of order";
        /// Bytes after the end of the message.
        Trailing {
            /// How many.
            left: usize,
        } => "{left} bytes after the end of the message";
        /// The message has no such version.
        UnknownVersion(version: i16) => "unknown version {version} of the message";
        /// A length or value that contradicts another one.
        Mismatch {
            /// The field.
            what: &'static str,
            /// The expected value.
            expected: i64,
            /// The value in the bytes.
            found: i64,
        } => "{what} is {found}, expected {expected}";
        /// A record batch or message set of a format before magic 2, which Kafka 4 neither writes nor takes (KIP-724).
        OldFormat {
            /// Its magic byte.
            magic: i8,
        } => "record batch has magic {magic}, only 2 is supported";
        /// The records of the batch are compressed, and were read without decompression.
        Compressed {
            /// The number of the compression.
            id: u8,
        } => "records are compressed (codec id {id})";
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for DecodeError {}

error_enum! {
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
        } => "{message} has no version {version}";
        /// A field that the version does not have, and which must not get lost silently, is set.
        NotInVersion {
            /// The field.
            field: &'static str,
            /// The requested version.
            version: i16,
        } => "version {version} cannot carry `{field}`";
        /// A field is null, and the version has no null for it.
        NullNotAllowed {
            /// The field.
            field: &'static str,
            /// The requested version.
            version: i16,
        } => "`{field}` must not be null in version {version}";
        /// A string longer than 32 767 bytes, or bytes or an array longer than 2³¹−1.
        TooLong {
            /// Its length.
            length: usize,
            /// The most that can be written.
            limit: usize,
        } => "length {length} is above the limit of {limit}";
    }
}

impl std::error::Error for EncodeError {}
