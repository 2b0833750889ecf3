//! The client's last word in SCRAM (RFC 5802, section 3), by itself: nothing of it is shared with the cluster.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use milena_fake::Mechanism;
use pbkdf2::pbkdf2_hmac_array;
use sha2::{Digest, Sha256, Sha512};

/// What the client says last, and what it expects to hear.
pub(crate) struct Last {
    pub(crate) message: String,
    pub(crate) verifier: String,
}

pub(crate) fn last(mechanism: Mechanism, password: &str, bare: &str, server_first: &str) -> Last {
    let nonce = server_first.split(',').next().unwrap();
    let without_proof = format!("c={},{nonce}", BASE64_STANDARD.encode("n,,"));
    last_as(mechanism, password, bare, server_first, &without_proof)
}

/// The same with a message of the test's own before the proof.
pub(crate) fn last_as(
    mechanism: Mechanism,
    password: &str,
    bare: &str,
    server_first: &str,
    without_proof: &str,
) -> Last {
    let field = |name: &str| server_first.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
    let salt = BASE64_STANDARD.decode(field("s=")).unwrap();
    let rounds = field("i=").parse().unwrap();
    let everything = format!("{bare},{server_first},{without_proof}");
    let (proof, verifier) = match mechanism {
        Mechanism::ScramSha512 => {
            let salted = pbkdf2_hmac_array::<Sha512, 64>(password.as_bytes(), &salt, rounds);
            signed(&salted, &everything, mac::<Hmac<Sha512>>, |bytes| Sha512::digest(bytes).to_vec())
        }
        _ => {
            let salted = pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), &salt, rounds);
            signed(&salted, &everything, mac::<Hmac<Sha256>>, |bytes| Sha256::digest(bytes).to_vec())
        }
    };
    Last { message: format!("{without_proof},p={proof}"), verifier: format!("v={verifier}") }
}

fn signed(
    salted: &[u8],
    everything: &str,
    mac: impl Fn(&[u8], &[u8]) -> Vec<u8>,
    digest: impl Fn(&[u8]) -> Vec<u8>,
) -> (String, String) {
    let key = mac(salted, b"Client Key");
    let signature = mac(&digest(&key), everything.as_bytes());
    let proof: Vec<_> = key.iter().zip(signature).map(|(key, signed)| key ^ signed).collect();
    let verifier = mac(&mac(salted, b"Server Key"), everything.as_bytes());
    (BASE64_STANDARD.encode(proof), BASE64_STANDARD.encode(verifier))
}

fn mac<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}
