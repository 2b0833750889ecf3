//! A type for every number that the wire carries, so that a partition is never passed in the place of a broker.

use std::fmt;

use crate::wire::{Decoded, EncodeError, Field, Reader, Version};

/// Declares a newtype over an integer of the wire, with its display, its conversions and its field codec.
macro_rules! number {
    ($($(#[$meta:meta])* $name:ident($inner:ty), default $default:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        crate::wire::field_by_inner!($name, $inner);
    )*};
}

number! {
    /// A broker of the cluster, by the number in its `node.id`. `-1` on the wire means "none known".
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// assert_eq!(BrokerId(3).to_string(), "3");
    /// assert!(!BrokerId::NONE.is_known());
    /// ```
    BrokerId(i32), default 0;
    /// A partition of a topic, counted from 0.
    ///
    /// ```
    /// use milena_codec::ids::PartitionId;
    /// assert_eq!(PartitionId::from(3), PartitionId(3));
    /// ```
    PartitionId(i32), default 0;
    /// The epoch of a partition's leader; a higher one is newer (KIP-320). `-1` where it is unknown.
    ///
    /// ```
    /// use milena_codec::ids::LeaderEpoch;
    /// assert!(LeaderEpoch(8) > LeaderEpoch(7) && LeaderEpoch(0) > LeaderEpoch::default());
    /// ```
    LeaderEpoch(i32), default -1;
    /// The id that a broker gave an idempotent or transactional producer. `-1` stands for none.
    ///
    /// ```
    /// use milena_codec::ids::ProducerId;
    /// assert_eq!(ProducerId::NONE, ProducerId(-1));
    /// ```
    ProducerId(i64), default -1;
    /// The epoch of a producer id; a higher one fences the lower. `-1` stands for none.
    ///
    /// ```
    /// use milena_codec::ids::ProducerEpoch;
    /// assert!(ProducerEpoch(1) > ProducerEpoch(0));
    /// assert_eq!(ProducerEpoch::NONE, ProducerEpoch(-1));
    /// ```
    ProducerEpoch(i16), default -1;
    /// The kind of a coordinator: of groups or of transactions. Share groups (2) have no constant.
    ///
    /// ```
    /// use milena_codec::ids::CoordinatorType;
    /// assert_eq!(CoordinatorType::default(), CoordinatorType::GROUP);
    /// assert_eq!(CoordinatorType::TRANSACTION, CoordinatorType(1));
    /// ```
    CoordinatorType(i8), default 0;
    /// The kind of a resource that has a configuration.
    ///
    /// ```
    /// use milena_codec::ids::ResourceType;
    /// assert_eq!((ResourceType::TOPIC, ResourceType::BROKER), (ResourceType(2), ResourceType(4)));
    /// ```
    ResourceType(i8), default 0;
}

impl BrokerId {
    /// No such broker, for example the leader of a partition without one.
    pub const NONE: Self = Self(-1);

    /// Whether this names a broker at all.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0 >= 0
    }
}

impl ProducerId {
    /// The producer id of a batch without idempotence.
    pub const NONE: Self = Self(-1);
}

impl ProducerEpoch {
    /// The epoch of a batch without idempotence.
    pub const NONE: Self = Self(-1);
}

impl CoordinatorType {
    /// A consumer group.
    pub const GROUP: Self = Self(0);
    /// A transactional id.
    pub const TRANSACTION: Self = Self(1);
}

impl ResourceType {
    /// A topic, by its name.
    pub const TOPIC: Self = Self(2);
    /// A broker, by its number.
    pub const BROKER: Self = Self(4);
}

/// Declares a newtype over a UUID of the wire.
macro_rules! uuid {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// No id known.
            pub const ZERO: Self = Self([0; 16]);

            /// Whether no id is known.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self == Self::ZERO
            }
        }

        /// Kafka's own way of writing it: URL-safe base64 without padding (`org.apache.kafka.common.Uuid`).
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                put_base64(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Field for $name {
            fn put(&self, out: &mut Vec<u8>, _: Version) -> Result<(), EncodeError> {
                out.extend_from_slice(&self.0);
                Ok(())
            }

            fn read(input: &mut Reader<'_>, _: Version) -> Decoded<Self> {
                Ok(Self(input.uuid()?))
            }

            fn bytes_min(_: Version) -> usize {
                16
            }
        }

        #[cfg(any(test, feature = "generate"))]
        impl crate::wire::generate::Generate for $name {
            fn generate(random: &mut crate::wire::generate::RandomBytes<'_>, _: Version) -> Self {
                Self(random.number())
            }
        }

        #[cfg(test)]
        impl crate::wire::describe::Describe for $name {
            fn describe(&self, _: Version) -> serde_json::Value {
                self.to_string().into()
            }
        }
    )*};
}

uuid! {
    /// The id of a topic, which a re-created topic does not keep (KIP-516). All zero where it is unknown.
    ///
    /// ```
    /// use milena_codec::ids::TopicId;
    /// assert!(TopicId::ZERO.is_zero());
    /// assert_eq!(TopicId([0x5a; 16]).to_string(), "WlpaWlpaWlpaWlpaWlpaWg");
    /// ```
    TopicId;
    /// The id of a client for telemetry, assigned by a broker (KIP-714). All zero requests a new one.
    ///
    /// ```
    /// use milena_codec::ids::ClientInstanceId;
    /// assert!(ClientInstanceId::ZERO.is_zero() && !ClientInstanceId([7; 16]).is_zero());
    /// ```
    ClientInstanceId;
    /// A log directory of a broker (KIP-858). All zero where it is unknown.
    ///
    /// ```
    /// use milena_codec::ids::DirectoryId;
    /// assert_eq!(DirectoryId::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
    /// ```
    DirectoryId;
}

fn put_base64(id: [u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = u128::from_be_bytes(id);
    for digit in 0..22 {
        // 128 bits are 21 digits of six bits and one of two, which stands in the high bits of the last digit.
        let six = if digit < 21 { value >> (122 - 6 * digit) } else { value << 4 };
        let index = usize::try_from(six & 63).unwrap_or_default();
        write!(f, "{}", char::from(ALPHABET[index]))?;
    }
    Ok(())
}

/// The position of a record among those of a producer for one partition: 0 … 2³¹−1, then 0 again (KIP-98).
///
/// ```
/// use milena_codec::ids::Sequence;
/// assert_eq!(Sequence(i32::MAX).after(1), Sequence(0));
/// assert_eq!(Sequence(7).after(3), Sequence(10));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sequence(pub i32);

impl Sequence {
    /// The sequence of a batch without idempotence.
    pub const NONE: Self = Self(-1);

    /// The sequence `records` further on, wrapped as the broker wraps it (`DefaultRecordBatch.incrementSequence`).
    #[must_use]
    pub fn after(self, records: u32) -> Self {
        let sum = (i64::from(self.0) + i64::from(records)) & i64::from(i32::MAX);
        Self(i32::try_from(sum).unwrap_or_default())
    }
}

crate::wire::field_by_inner!(Sequence, i32);

/// The producer id and epoch of an idempotent producer: with a base sequence they are the stamp of a batch.
///
/// ```
/// use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
/// use milena_codec::record::Stamp;
/// let identity = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(0) };
/// let stamp = Stamp { identity, base_sequence: Sequence(0) };
/// assert_eq!(stamp.after(10).base_sequence, Sequence(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerIdAndEpoch {
    /// From a response to `InitProducerId`.
    pub producer_id: ProducerId,
    /// Raised by the producer itself when a run of sequences has to start again (KIP-360).
    pub epoch: ProducerEpoch,
}

impl ProducerIdAndEpoch {
    /// The next epoch of the same producer id; none when the epochs are used up and a new id is needed.
    ///
    /// 32 767 itself is left to the brokers, which hand out a new id when they reach it.
    ///
    /// ```
    /// use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch};
    /// let identity = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(0) };
    /// assert_eq!(identity.bumped().map(|bumped| bumped.epoch), Some(ProducerEpoch(1)));
    /// assert_eq!(ProducerIdAndEpoch { epoch: ProducerEpoch(32_766), ..identity }.bumped(), None);
    /// ```
    #[must_use]
    pub fn bumped(self) -> Option<Self> {
        let epoch = self.epoch.0.checked_add(1).filter(|next| *next < i16::MAX)?;
        Some(Self { epoch: ProducerEpoch(epoch), ..self })
    }
}
