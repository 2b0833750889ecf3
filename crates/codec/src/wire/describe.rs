//! Fields as JSON, under the names and in the forms of Java's `JsonConverter` classes: only in tests.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::version::Version;

/// A field that can be written as JSON.
pub(crate) trait Describe {
    /// The parts of the field that `version` carries.
    fn describe(&self, version: Version) -> Value;
}

/// Adds the field of a row under Kafka's name for it.
pub(crate) fn describe_row(
    fields: &mut Map<String, Value>,
    name: &str,
    field: &impl Describe,
    version: Version,
) {
    fields.insert(camel_case(name), field.describe(version));
}

/// `throttle_time_ms` as `throttleTimeMs`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_uppercase() + rest
    })
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Describe for $type {
            fn describe(&self, _: Version) -> Value {
                self.clone().into()
            }
        }
    )*};
}

plain!(bool, i8, i16, u16, i32, i64, String);

/// Hexadecimal digits.
impl Describe for Bytes {
    fn describe(&self, _: Version) -> Value {
        self.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
    }
}

impl<T: Describe> Describe for Option<T> {
    fn describe(&self, version: Version) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.describe(version))
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn describe(&self, version: Version) -> Value {
        self.iter().map(|element| element.describe(version)).collect()
    }
}
