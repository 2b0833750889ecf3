//! Every message in every version against kafka-protocol, in both directions, and the record's own ways of reading
//! and writing Produce against its tables.

mod bounds;
mod peer;
mod produce;
mod versions;
