//! The result of one step of an exchange.

/// The result of a step.
pub(crate) enum Step {
    /// The client has to respond.
    Challenge(Vec<u8>),
    /// The exchange is complete.
    Authenticated(Authenticated),
    /// The exchange failed; the broker's error message.
    Failed(String),
}

/// An authenticated user.
#[derive(Debug, Default)]
pub(crate) struct Authenticated {
    pub(crate) user: String,
    /// The last bytes to the client.
    pub(crate) reply: Vec<u8>,
    /// Expiry of the credentials in milliseconds since 1970, if they have one.
    pub(crate) until_ms: Option<i64>,
}
