//! The macro behind the error enums: each variant stands beside its text.

/// Makes an enum from rows `Variant { fields } => "text";` or `Variant(name: Type) => "text";`, and a `Display` that writes
/// the text of the variant. A text names the fields of its variant.
macro_rules! error_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $(
        $(#[$doc:meta])* $variant:ident
        $({ $( $(#[$field_doc:meta])* $field:ident : $type:ty, )* })?
        $(($inner:ident : $inner_type:ty))?
        => $text:literal;
    )* }) => {
        $(#[$meta])*
        pub enum $name { $(
            $(#[$doc])*
            $variant $({ $( $(#[$field_doc])* $field: $type, )* })? $(($inner_type))?,
        )* }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(
                    Self::$variant $({ $($field),* })? $(($inner))? => write!(f, $text),
                )* }
            }
        }
    };
}
pub(crate) use error_enum;
