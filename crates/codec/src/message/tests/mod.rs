//! Every message in every version against kafka-protocol, in both directions, and against what Java wrote; the record's own ways of
//! reading and writing Produce against the tables.

mod bounds;
mod cases;
mod golden;
mod memory;
mod peer;
mod produce;
mod versions;
