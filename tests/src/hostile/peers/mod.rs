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
mod tls;

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
pub use tls::tls;

use super::script::Peer;

/// All that need no socket.
#[must_use]
pub fn all() -> Vec<Peer> {
    let plain = [lengths(), counts(), text(), identity(), produce(), metadata(), silence(), closing()];
    [plain.concat(), sasl(), tls()].concat()
}
