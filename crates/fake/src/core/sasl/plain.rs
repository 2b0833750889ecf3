//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL password`.

use super::access::Access;
use super::step::{Authenticated, Step};

/// Kafka's `PlainSaslServer`: three parts; an authorization id other than the user is rejected.
pub(super) fn step(access: &Access, auth_bytes: &[u8]) -> Step {
    let refused = |why: &str| Step::Failed(format!("Authentication failed: {why}"));
    let Ok(text) = std::str::from_utf8(auth_bytes) else { return refused("the message is no UTF-8") };
    let parts: Vec<_> = text.split('\0').collect();
    let &[for_whom, user, password] = &parts[..] else {
        return refused("expected 3 tokens");
    };
    if user.is_empty() || password.is_empty() {
        return refused("username or password not specified");
    }
    if access.users.get(user).is_none_or(|known| known != password) {
        return refused("Invalid username or password");
    }
    if !for_whom.is_empty() && for_whom != user {
        return refused("Client requested an authorization id that is different from username");
    }
    Step::Authenticated(Authenticated { user: user.to_owned(), ..Authenticated::default() })
}
