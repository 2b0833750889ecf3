//! What comes of what a client said.

/// What comes of a step.
pub(crate) enum Step {
    /// The client is to say more.
    Challenge(Vec<u8>),
    /// The client is who it says.
    Authenticated(Authenticated),
    /// It is not, or says nothing of sense; in the broker's words.
    Failed(String),
}

/// Who came in.
#[derive(Debug, Default)]
pub(crate) struct Authenticated {
    pub(crate) user: String,
    /// The last word to the client.
    pub(crate) reply: Vec<u8>,
    /// When the proof ends, in milliseconds since 1970, where it says so itself.
    pub(crate) until_ms: Option<i64>,
}
