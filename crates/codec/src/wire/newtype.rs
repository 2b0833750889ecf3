//! The field codec of newtypes: that of what they wrap.

/// Gives a newtype the field codec of what it wraps.
macro_rules! field_by_inner {
    ($name:ident, $inner:ty) => {
        #[cfg(any(test, feature = "generate"))]
        impl $crate::wire::generate::Generate for $name {
            fn generate(dice: &mut $crate::wire::generate::Dice<'_>, version: $crate::wire::Version) -> Self {
                Self(<$inner as $crate::wire::generate::Generate>::generate(dice, version))
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

            fn read(
                input: &mut $crate::wire::Reader<'_>,
                version: $crate::wire::Version,
            ) -> Result<Self, $crate::wire::DecodeError> {
                <$inner as $crate::wire::Field>::read(input, version).map(Self)
            }

            fn bytes_min(version: $crate::wire::Version) -> usize {
                <$inner as $crate::wire::Field>::bytes_min(version)
            }
        }
    };
}
pub(crate) use field_by_inner;
