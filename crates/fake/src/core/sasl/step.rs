//! What comes of what a client said.

/// What comes of a step.
pub(crate) enum Step {
    /// The client is to say more.
    More(Vec<u8>),
    /// The client is who it says.
    Proved(Proved),
    /// It is not, or says nothing of sense; in the broker's words.
    Refused(String),
}

/// Who came in.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    pub(crate) user: String,
    /// The last word to the client.
    pub(crate) says: Vec<u8>,
    /// When the proof ends, in milliseconds since 1970, where it says so itself.
    pub(crate) until_ms: Option<i64>,
}
