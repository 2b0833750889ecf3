//! The field codec of newtypes: that of what they wrap.

/// Gives a newtype the field codec of what it wraps.
macro_rules! field_by_inner {
    ($name:ident, $inner:ty) => {
        #[cfg(any(test, feature = "generate"))]
        impl $crate::wire::generate::Generate for $name {
            fn generate(
                random: &mut $crate::wire::generate::RandomBytes<'_>,
                version: $crate::wire::Version,
            ) -> Self {
                Self(<$inner as $crate::wire::generate::Generate>::generate(random, version))
            }
        }

        #[cfg(test)]
        impl $crate::wire::describe::Describe for $name {
            fn describe(&self, version: $crate::wire::Version) -> serde_json::Value {
                $crate::wire::describe::Describe::describe(&self.0, version)
            }
        }

        impl $crate::wire::Field for $name {
            fn put(
                &self,
                out: &mut Vec<u8>,
                version: $crate::wire::Version,
            ) -> Result<(), $crate::wire::EncodeError> {
                self.0.put(out, version)
            }

            #[inline]
            fn read(
                input: &mut $crate::wire::Reader<'_>,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<Self> {
                <$inner as $crate::wire::Field>::read(input, version).map(Self)
            }

            fn bytes_min(version: $crate::wire::Version) -> usize {
                <$inner as $crate::wire::Field>::bytes_min(version)
            }

            fn read_many(
                input: &mut $crate::wire::Reader<'_>,
                count: usize,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<Vec<Self>> {
                let inner = <$inner as $crate::wire::Field>::read_many(input, count, version)?;
                Ok(inner.into_iter().map(Self).collect())
            }
        }
    };
}
pub(crate) use field_by_inner;
