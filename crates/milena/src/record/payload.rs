//! The types that a record takes as topic, key and value: borrowed, owned or shared.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

/// Bytes for a key, a value, or the value of a header: [`Bytes`] and owned buffers are taken over, borrowed ones are copied, and
/// `None` is a null.
///
/// ```
/// use milena::Record;
///
/// let (id, body) = (String::from("user-123"), vec![1u8, 2, 3]);
/// let record = Record::to("orders").key(&id).value(&body[1..]);
/// assert_eq!(record.value.as_deref(), Some(&[2u8, 3][..]));
/// assert_eq!(Record::to("orders").value(None::<&str>).value, None);
/// ```
pub trait IntoPayload {
    /// The bytes; none for a null.
    fn into_payload(self) -> Option<Bytes>;
}

/// The name of a topic: any kind of string.
///
/// ```
/// use milena::Record;
///
/// let topic = String::from("orders");
/// assert_eq!(Record::to(&topic), Record::to("orders"));
/// ```
pub trait IntoTopicName {
    /// The name, shared.
    fn into_topic_name(self) -> Arc<str>;
}

/// Owned types give their memory away, borrowed ones are copied.
macro_rules! payloads {
    ($($from:ty => |$value:ident| $bytes:expr;)*) => {
        $(impl IntoPayload for $from {
            fn into_payload(self) -> Option<Bytes> {
                let $value = self;
                Some($bytes)
            }
        })*
    };
}

payloads! {
    Bytes => |bytes| bytes;
    &Bytes => |bytes| bytes.clone();
    Vec<u8> => |bytes| bytes.into();
    &Vec<u8> => |bytes| Bytes::copy_from_slice(bytes);
    Box<[u8]> => |bytes| bytes.into();
    String => |text| text.into();
    &String => |text| Bytes::copy_from_slice(text.as_bytes());
    &str => |text| Bytes::copy_from_slice(text.as_bytes());
    &[u8] => |bytes| Bytes::copy_from_slice(bytes);
    Cow<'_, str> => |text| text.into_owned().into();
    Cow<'_, [u8]> => |bytes| bytes.into_owned().into();
}

impl<const N: usize> IntoPayload for [u8; N] {
    fn into_payload(self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&self))
    }
}

impl<const N: usize> IntoPayload for &[u8; N] {
    fn into_payload(self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self))
    }
}

impl<T: IntoPayload> IntoPayload for Option<T> {
    fn into_payload(self) -> Option<Bytes> {
        self.and_then(IntoPayload::into_payload)
    }
}

impl IntoTopicName for &str {
    fn into_topic_name(self) -> Arc<str> {
        self.into()
    }
}

impl IntoTopicName for String {
    fn into_topic_name(self) -> Arc<str> {
        self.into()
    }
}

impl IntoTopicName for &String {
    fn into_topic_name(self) -> Arc<str> {
        self.as_str().into()
    }
}

impl IntoTopicName for Arc<str> {
    fn into_topic_name(self) -> Arc<str> {
        self
    }
}

impl IntoTopicName for &Arc<str> {
    fn into_topic_name(self) -> Arc<str> {
        Arc::clone(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    #[test]
    fn borrowed_and_owned_data_make_the_same_record() {
        let (topic, key, value) = (String::from("t"), String::from("k"), b"v".to_vec());
        let owned = Record::from((topic.clone(), key.clone(), value.clone()));
        let borrowed = Record::from((&topic, key.as_str(), &value[..]));
        assert_eq!(owned, borrowed);
        assert_eq!(Record::from((topic.as_str(), &key, &value)), owned);
        assert_eq!(Record::from((Arc::from("t"), Bytes::from("k"), b"v")), owned);
        assert_eq!(Record::from(&owned), owned);
    }

    #[test]
    fn option_is_a_null_or_its_content() {
        assert_eq!(Record::from(("t", None::<&str>, Some("v"))), Record::to("t").value("v"));
        assert_eq!(Record::from(("t", "k", None::<Vec<u8>>)).value, None);
        assert_eq!(None::<&str>.into_payload(), None);
    }
}
