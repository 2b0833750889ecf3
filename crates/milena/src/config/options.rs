//! Types of single settings, with the names of their values: [`Acks`], [`Driver`], [`MetadataRecovery`].

/// Declares an enum whose variants have a name in properties, and other names that are parsed too.
macro_rules! named {
    ($(#[$meta:meta])* $Enum:ident {
        $($(#[$doc:meta])* $Variant:ident = $name:literal $(| $also:literal)*,)*
    } $remedy:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $Enum {
            $($(#[$doc])* $Variant,)*
        }

        impl $Enum {
            /// The name in properties.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)*
                }
            }

            /// Parses a name, or returns the remedy.
            pub(super) fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($name $(| $also)* => Ok(Self::$Variant),)*
                    _ => Err($remedy.to_owned()),
                }
            }
        }
    };
}

named! {
    /// The acknowledgements that make a record delivered.
    Acks {
        /// None: a record counts as delivered once it is written to the socket, and has no offset.
        None = "0" | "NoResponse",
        /// The leader's alone: a record is lost if the leader fails before its followers have it.
        Leader = "1" | "WaitForLocal",
        /// Those of all replicas in sync.
        #[default]
        All = "all" | "-1" | "WaitForAll",
    }
    "write `all`, `1` or `0`"
}

impl Acks {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

named! {
    /// The execution of the producer's input and output.
    Driver {
        /// A task on the runtime that builds the producer. It runs when the tasks beside it await.
        #[default]
        Task = "task",
        /// A thread of its own: it needs no runtime, and tasks that compute for long cannot starve it.
        ///
        /// The thread ends with the process, as all threads do when `main` returns: a producer in a `static` is never
        /// dropped, and the records that it had accepted by then are lost without a line in the log. Await
        /// [`close`](crate::Producer::close) before `main` returns, or [`flush`](crate::Producer::flush) where the producer
        /// has to go on.
        Thread = "thread",
    }
    "write `task` or `thread`"
}

named! {
    /// The action when no known broker responds (KIP-899).
    MetadataRecovery {
        /// Forget the known brokers, and request metadata from the bootstrap servers.
        #[default]
        Rebootstrap = "rebootstrap",
        /// Go on with the known brokers.
        None = "none",
    }
    "write `rebootstrap` or `none`"
}
