//! The server's side of SCRAM (RFC 5802), as Kafka has it: no channel binding, names without SASLprep, and
//! `tokenauth=true` for delegation tokens (KIP-48). Nonce and salt are computed, not random, so that a run can be
//! repeated.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256, Sha512};

use super::access::Access;
use super::step::{Authenticated, Step};
use crate::core::ConnectionId;
use crate::mechanism::Mechanism;

pub(crate) struct Scram {
    mechanism: Mechanism,
    connection: ConnectionId,
    stage: Stage,
}

enum Stage {
    First,
    Final {
        user: String,
        password: String,
        header: String,
        nonce: String,
        exchanged: String,
        salt: Vec<u8>,
        rounds: u32,
    },
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mechanism.name())
    }
}

/// The parts of the client's first message.
struct First<'a> {
    /// The GS2 header, which the client repeats as channel binding.
    header: &'a str,
    bare: &'a str,
    user: String,
    for_whom: String,
    nonce: &'a str,
    is_delegated: bool,
}

impl Scram {
    pub(super) const fn new(mechanism: Mechanism, connection: ConnectionId) -> Self {
        Self { mechanism, connection, stage: Stage::First }
    }

    pub(super) const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    pub(super) fn step(&mut self, access: &Access, auth_bytes: &[u8]) -> Step {
        let message = std::str::from_utf8(auth_bytes).unwrap_or_default();
        let step = match &self.stage {
            Stage::First => self.first(access, message),
            Stage::Final { .. } => self.last(message),
        };
        step.unwrap_or_else(|| {
            // Kafka returns the same text for every failure.
            let name = self.mechanism.name();
            let what =
                "Authentication failed during authentication due to invalid credentials with SASL mechanism";
            Step::Failed(format!("{what} {name}"))
        })
    }

    fn first(&mut self, access: &Access, message: &str) -> Option<Step> {
        let first = First::parse(message)?;
        let (user, password) = match first.is_delegated {
            true => {
                access.delegations.get(&first.user).map(|token| (token.owner.clone(), token.hmac.clone()))?
            }
            false => access.users.get(&first.user).map(|password| (first.user.clone(), password.clone()))?,
        };
        if !first.for_whom.is_empty() && first.for_whom != first.user {
            return None;
        }
        let nonce = format!("{}fake{}", first.nonce, self.connection);
        let salt = Sha256::digest(user.as_bytes())[..16].to_vec();
        let rounds = access.scram_iterations;
        let reply = format!("r={nonce},s={},i={rounds}", BASE64_STANDARD.encode(&salt));
        let exchanged = format!("{},{reply}", first.bare);
        let header = first.header.to_owned();
        self.stage = Stage::Final { user, password, header, nonce, exchanged, salt, rounds };
        Some(Step::Challenge(reply.into_bytes()))
    }

    /// `c=…,r=…[,extensions],p=…`
    fn last(&self, message: &str) -> Option<Step> {
        let Stage::Final { user, password, header, nonce, exchanged, salt, rounds } = &self.stage else {
            return None;
        };
        let (bare, proof) = message.rsplit_once(",p=")?;
        let mut fields = bare.split(',');
        let binding = BASE64_STANDARD.decode(fields.next()?.strip_prefix("c=")?).ok()?;
        if binding != header.as_bytes() || fields.next()?.strip_prefix("r=")? != nonce {
            return None;
        }
        let proof = BASE64_STANDARD.decode(proof).ok()?;
        let everything = format!("{exchanged},{bare}");
        let hash = Hash::of(self.mechanism);
        let salted = hash.salted(password.as_bytes(), salt, *rounds);
        let stored = hash.digest(&hash.hmac(&salted, b"Client Key"));
        let signature = hash.hmac(&stored, everything.as_bytes());
        if proof.len() != signature.len() {
            return None;
        }
        let key: Vec<_> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        if hash.digest(&key) != stored {
            return None;
        }
        let server_key = hash.hmac(&salted, b"Server Key");
        let verifier = BASE64_STANDARD.encode(hash.hmac(&server_key, everything.as_bytes()));
        let reply = format!("v={verifier}").into_bytes();
        Some(Step::Authenticated(Authenticated { user: user.clone(), reply, until_ms: None }))
    }
}

impl<'a> First<'a> {
    /// `n,[a=…],n=user,r=nonce[,extensions]`
    fn parse(message: &'a str) -> Option<Self> {
        let (flag, rest) = message.split_once(',')?;
        let (for_whom, bare) = rest.split_once(',')?;
        let header = &message[..message.len() - bare.len()];
        let for_whom = match for_whom {
            "" => String::new(),
            named => unescaped(named.strip_prefix("a=")?)?,
        };
        let mut fields = bare.split(',');
        let user = unescaped(fields.next()?.strip_prefix("n=")?)?;
        let nonce = fields.next()?.strip_prefix("r=").filter(|nonce| !nonce.is_empty())?;
        let is_delegated = fields.any(|extension| extension == "tokenauth=true");
        (flag == "n").then_some(Self { header, bare, user, for_whom, nonce, is_delegated })
    }
}

/// `=2C` is a comma and `=3D` an equals sign; no other `=` may stand there.
fn unescaped(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            (None, None) => return None,
        };
        plain.push(sign);
        plain.push_str(rest);
    }
    Some(plain)
}

/// Hash function of the mechanism.
#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    const fn of(mechanism: Mechanism) -> Self {
        match mechanism {
            Mechanism::ScramSha512 => Self::Sha512,
            _ => Self::Sha256,
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    fn hmac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => hmac::<Hmac<Sha256>>(key, bytes),
            Self::Sha512 => hmac::<Hmac<Sha512>>(key, bytes),
        }
    }

    fn salted(self, password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
        match self {
            Self::Sha256 => {
                let mut key = vec![0; 32];
                pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut key);
                key
            }
            Self::Sha512 => {
                let mut key = vec![0; 64];
                pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut key);
                key
            }
        }
    }
}

fn hmac<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    // Every length is one of an HMAC's key.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3, but for the nonce of the server.
    #[test]
    fn salted_password_is_that_of_rfc_7677() {
        let salt = BASE64_STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap_or_default();
        let hash = Hash::Sha256;
        let salted = hash.salted(b"pencil", &salt, 4096);
        let stored = hash.digest(&hash.hmac(&salted, b"Client Key"));
        let server_nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let everything = format!(
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r={server_nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={server_nonce}"
        );
        let signature = hash.hmac(&stored, everything.as_bytes());
        let client_key = hash.hmac(&salted, b"Client Key");
        let proof: Vec<_> = client_key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(BASE64_STANDARD.encode(proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        let server_key = hash.hmac(&salted, b"Server Key");
        let verifier = hash.hmac(&server_key, everything.as_bytes());
        assert_eq!(BASE64_STANDARD.encode(verifier), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn user_name_is_unescaped() {
        assert_eq!(unescaped("a=2Cb=3Dc").as_deref(), Some("a,b=c"));
        assert_eq!(unescaped("a=2cb"), None);
        let first = First::parse("n,a=me,n=me,r=abc,tokenauth=true");
        assert!(first.is_some_and(|first| first.header == "n,a=me," && first.is_delegated));
        assert!(First::parse("y,,n=me,r=abc").is_none());
        assert!(First::parse("n,,n=me,r=").is_none());
    }
}
