//! The peers, by what they abuse.

mod closing;
mod counts;
mod identity;
mod lengths;
mod metadata;
mod produce;
mod sasl;
mod silence;
mod sockets;
mod text;

pub use closing::closing;
pub use counts::counts;
pub use identity::identity;
pub use lengths::lengths;
pub use metadata::metadata;
pub use produce::produce;
pub use sasl::sasl;
pub use silence::silence;
pub use sockets::sockets;
pub use text::text;

use super::script::Peer;

/// All that need no socket.
#[must_use]
pub fn all() -> Vec<Peer> {
    [lengths(), counts(), text(), identity(), produce(), metadata(), silence(), closing(), sasl()].concat()
}
