//! The rules of the cluster's metadata, each told as a conversation with brokers.

mod asking;
mod believing;
mod hinting;
mod recovering;
mod story;
mod trusting;
