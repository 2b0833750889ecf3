//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`; the response is success or failure.

use secrecy::zeroize::Zeroizing;

use crate::error::CredentialError;

/// The maximum size of a client's message: brokers read up to `sasl.server.max.receive.size` (512 KiB) before the client is
/// authenticated.
pub(super) const MESSAGE_BYTES_MAX: usize = 500_000;

/// Checks whether user name and password can be sent. Neither may be empty (RFC 4616, section 2: 1*SAFE).
pub(super) fn validate(username: &str, password: &str) -> Result<(), CredentialError> {
    for (what, text) in [("user name", username), ("password", password)] {
        if text.is_empty() {
            return Err(CredentialError::Empty { what });
        }
        if text.contains('\0') {
            return Err(CredentialError::Nul { what });
        }
    }
    match username.len() + password.len() + 2 > MESSAGE_BYTES_MAX {
        true => Err(CredentialError::TooLong { limit: MESSAGE_BYTES_MAX }),
        false => Ok(()),
    }
}

/// The client's only message, without an authzid: the client acts as its own user.
pub(super) fn message(username: &str, password: &str) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    validate(username, password)?;
    let mut message = Zeroizing::new(Vec::with_capacity(username.len() + password.len() + 2));
    message.push(0);
    message.extend_from_slice(username.as_bytes());
    message.push(0);
    message.extend_from_slice(password.as_bytes());
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_that_of_the_rfc() {
        // RFC 4616, section 4, the first example.
        assert_eq!(message("tim", "tanstaaftanstaaf").unwrap().as_slice(), b"\0tim\0tanstaaftanstaaf");
        assert_eq!(message("ü,=", "p w").unwrap().as_slice(), "\0ü,=\0p w".as_bytes());
    }

    #[test]
    fn ambiguous_credentials_are_rejected() {
        assert_eq!(message("a\0b", "x"), Err(CredentialError::Nul { what: "user name" }));
        assert_eq!(message("a", "\0"), Err(CredentialError::Nul { what: "password" }));
        assert_eq!(message("", "x"), Err(CredentialError::Empty { what: "user name" }));
        assert_eq!(message("a", ""), Err(CredentialError::Empty { what: "password" }));
        let long = "x".repeat(MESSAGE_BYTES_MAX);
        assert!(matches!(message("a", &long), Err(CredentialError::TooLong { .. })));
    }
}
