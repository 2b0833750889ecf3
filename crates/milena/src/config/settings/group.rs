//! The macro behind the groups of `security`: a struct of settings, with its rows of the table.

use super::Property;

/// A group of settings.
pub(in crate::config) trait Group {
    const ROWS: &'static [Property];

    /// The settings that are set, by name; secrets are hidden.
    fn listed(&self) -> Vec<(&'static str, String)>;
}

/// Declares a group of settings, in the field of [`Security`](super::Security) behind `at`. Each entry is
///
/// ```text
/// field: Type, "name" ["other name", …], KIND = "default", "meaning";
/// ```
///
/// and makes a field `Option<Type>`, none unless it is set, and a row of the table. The default is for readers: code that
/// uses a group has it too.
macro_rules! group {
    ($(#[$meta:meta])* $Group:ident at $place:ident {
        $($field:ident: $type:ty, $name:literal [$($also:literal),*],
            $kind:ident $(= $default:literal)?, $meaning:literal;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub(in crate::config) struct $Group {
            $(#[doc = concat!("`", $name, "`")] pub(in crate::config) $field: Option<$type>,)*
        }

        impl Group for $Group {
            const ROWS: &'static [Property] = &[$({
                let store: Setter = |settings, text| $kind.store(&mut settings.security.$place.$field, text);
                Property::new($name, &[$($also),*], Effect::Set(store), $meaning)
                    .of_kind(&$kind)
                    .with_default(concat!($($default)?))
            }),*];

            fn listed(&self) -> Vec<(&'static str, String)> {
                let all = [$(($name, self.$field.as_ref().and_then($kind.show))),*];
                all.into_iter().filter_map(|(name, shown)| Some((name, shown?))).collect()
            }
        }
    };
}
