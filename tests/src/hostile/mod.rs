//! Peers that are broken or mean: scripts of what they do and when, and the ground on which a producer meets them.
//!
//! ```text
//!   producer ──▶ Ground ──▶ plays a Peer ──▶ a broker of the fake cluster
//!                     └──▶ plays nobody  ──▶ another one
//! ```
//!
//! A peer stands before a real broker and passes everything on until its moment comes, so that each of them is honest as
//! long as it takes to be believed. What a client may make of it is in [`Ends`], and [`meet()`] checks it.

mod door;
mod ground;
mod honest;
mod meet;
pub mod peers;
mod play;
mod script;
mod secret;

pub use door::Door;
pub use ground::{Ground, Probe};
pub use honest::Honest;
pub use meet::{Outcome, assert_all, beside, meet, meet_on, one_record};
pub use script::{Act, At, Ends, Peer};
pub use secret::{CA, Side, client};
