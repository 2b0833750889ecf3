//! What a lane promises, shown on a small world of brokers that keep the rules of sequences.

mod chaos;
mod promises;
mod world;
