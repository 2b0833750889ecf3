//! The rules of the cluster's metadata, as sequences of requests and responses.

mod harness;
mod hints;
mod rebootstrapping;
mod recreation;
mod responses;
mod scheduling;
