//! SCRAM (RFC 5802, RFC 7677) without channel binding: both sides prove that they know the password without sending it.
//!
//! ```text
//!  client                                             server
//!    ── n,,n=NAME,r=OURS[,tokenauth=true] ──────────────▶
//!    ◀───────────────── r=OURS+THEIRS,s=SALT,i=ITERATIONS
//!    ── c=biws,r=OURS+THEIRS,p=PROOF ───────────────────▶
//!    ◀───────────────────────── v=SIGNATURE  or  e=REASON
//! ```
//!
//! The salted password is derived elsewhere, because that is slow: [`Scram::challenged`] returns the input of the derivation,
//! [`Scram::prove`] takes its result. Nothing here draws random numbers.

mod hash;
mod keys;
mod message;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq;

use crate::error::ScramError;
pub(super) use hash::Hash;
pub(super) use keys::{Keys, KeysCache};
pub(super) use message::Challenge;
use message::{ServerFinal, escaped};

/// The minimum iteration count, the cost of guessing a password (RFC 7677, section 4; Kafka's `ScramMechanism` has the same).
pub(super) const ITERATIONS_MIN: u32 = 4_096;
/// The default of the maximum iteration count that a broker may request: about 90 ms of SHA-512.
pub(super) const ITERATIONS_MAX: u32 = 100_000;
/// Random bytes of a nonce: 192 bits, 32 characters.
pub(super) const NONCE_BYTES: usize = 24;

/// The gs2 header: no channel binding, no authzid (RFC 5802, section 7).
const GS2_HEADER: &str = "n,,";

/// The client's side of one exchange.
pub(crate) struct Scram {
    hash: Hash,
    /// The client's first message without its gs2 header.
    first_bare: String,
    nonce: String,
    state: State,
}

enum State {
    /// The client's first message was sent.
    Greeted,
    /// The server's first message was received, and the keys are being derived.
    Challenged { server_first: String, nonce: String },
    /// The proof was sent.
    Proven { signature: Zeroizing<Vec<u8>> },
    /// The exchange succeeded or failed.
    Over,
}

impl Scram {
    /// Begins an exchange for a prepared user name, with a nonce of [`nonce_of`]. `delegated` marks the credentials as a
    /// delegation token (KIP-48), as Java's `ScramExtensions` does.
    pub(super) fn new(hash: Hash, username: &str, delegated: bool, nonce: String) -> Self {
        let extension = if delegated { ",tokenauth=true" } else { "" };
        let first_bare = format!("n={},r={nonce}{extension}", escaped(username));
        Self { hash, first_bare, nonce, state: State::Greeted }
    }

    /// The client's first message.
    pub(super) fn first(&self) -> Vec<u8> {
        format!("{GS2_HEADER}{}", self.first_bare).into_bytes()
    }

    /// Applies the server's first message, and returns the challenge for the derivation of keys.
    pub(super) fn challenged(
        &mut self,
        server_first: &[u8],
        iterations_max: u32,
    ) -> Result<Challenge, ScramError> {
        let State::Greeted = self.state else { return Err(ScramError::Unexpected) };
        self.state = State::Over;
        let (text, challenge) = Challenge::parse(server_first)?;
        // RFC 5802, section 5.1: the nonce must begin with the client's (CVE-2024-56128 is the missing check).
        let extends = challenge.nonce.strip_prefix(self.nonce.as_str());
        if extends.is_none_or(str::is_empty) {
            return Err(ScramError::ForeignNonce);
        }
        let iterations = challenge.iterations;
        if !(ITERATIONS_MIN..=iterations_max).contains(&iterations) {
            return Err(ScramError::Iterations { iterations, min: ITERATIONS_MIN, max: iterations_max });
        }
        self.state = State::Challenged { server_first: text.to_owned(), nonce: challenge.nonce.clone() };
        Ok(challenge)
    }

    /// The client's final message: the proof.
    pub(super) fn prove(&mut self, keys: &Keys) -> Result<Zeroizing<Vec<u8>>, ScramError> {
        let State::Challenged { server_first, nonce } = &self.state else {
            return Err(ScramError::Unexpected);
        };
        let without_proof = format!("c={},r={nonce}", BASE64.encode(GS2_HEADER));
        let signed = format!("{},{server_first},{without_proof}", self.first_bare);
        // RFC 5802, section 3: ClientProof = ClientKey XOR HMAC(H(ClientKey), AuthMessage).
        let stored_key = self.hash.digest(&keys.client);
        let signature = self.hash.hmac(&stored_key, signed.as_bytes());
        let proof: Zeroizing<Vec<u8>> =
            Zeroizing::new(keys.client.iter().zip(signature.iter()).map(|(key, sign)| key ^ sign).collect());
        let proof = Zeroizing::new(BASE64.encode(proof.as_slice()));
        let message = Zeroizing::new([without_proof.as_bytes(), b",p=", proof.as_bytes()].concat());
        self.state = State::Proven { signature: self.hash.hmac(&keys.server, signed.as_bytes()) };
        Ok(message)
    }

    /// Applies the server's final message. Without an error, the server has proved that it knows the password.
    pub(super) fn concluded(&mut self, server_final: &[u8]) -> Result<(), ScramError> {
        let State::Proven { signature } = std::mem::replace(&mut self.state, State::Over) else {
            return Err(ScramError::Unexpected);
        };
        match ServerFinal::parse(server_final)? {
            ServerFinal::Error(reason) => Err(ScramError::Refused { reason }),
            ServerFinal::Signature(theirs) => match bool::from(theirs.ct_eq(&signature)) {
                true => Ok(()),
                false => Err(ScramError::WrongSignature),
            },
        }
    }

    /// Whether the server's next message is its last.
    pub(super) const fn is_proven(&self) -> bool {
        matches!(self.state, State::Proven { .. })
    }

    pub(super) const fn hash(&self) -> Hash {
        self.hash
    }
}

/// Random bytes encoded in characters that a nonce may have.
pub(super) fn nonce_of(random: &[u8; NONCE_BYTES]) -> String {
    BASE64.encode(random)
}
