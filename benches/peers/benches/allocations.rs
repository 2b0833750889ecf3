//! The allocations of each codec for the work of the other benches: counted, not timed.

use std::alloc::System;
use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use milena_bench_peers::{KAFKA_PROTOCOL, MILENA, RSKAFKA, messages, records};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs the work once to fill what is reused, and counts the second time.
fn count<T>(what: &str, who: &str, mut work: impl FnMut() -> T) {
    drop(black_box(work()));
    let region = Region::new(ALLOCATOR);
    let kept = black_box(work());
    let stats = region.change();
    drop(kept);
    println!(
        "{what}: {who}: {} allocations, {} bytes",
        stats.allocations + stats.reallocations,
        stats.bytes_allocated
    );
}

fn main() {
    let batch = Bytes::from(records::batch());
    let encode = format!("encode a batch of {} records", records::count());
    let mut out = Vec::with_capacity(records::BATCH_BYTES);
    count(&encode, MILENA, || {
        let count = records::fill(&mut out);
        records::seal(&mut out, count);
    });
    let (theirs, mut copied) = (records::their_records(), BytesMut::with_capacity(records::BATCH_BYTES));
    count(&encode, KAFKA_PROTOCOL, || records::their_encode(&mut copied, &theirs));
    let rs = records::rs_batch();
    count(&encode, RSKAFKA, || {
        out.clear();
        records::rs_encode(&mut out, &rs);
    });

    let read = format!("read a batch of {} records", records::count());
    count(&read, MILENA, || records::read(&batch));
    count(&read, KAFKA_PROTOCOL, || records::their_read(&batch));
    count(&read, RSKAFKA, || records::rs_read(&batch));

    let bytes = messages::metadata(4);
    let read = format!("read Metadata 4 of {} topics", messages::TOPICS);
    count(&read, MILENA, || messages::read_metadata(&bytes, 4));
    count(&read, KAFKA_PROTOCOL, || messages::their_metadata(&bytes, 4));
    count(&read, RSKAFKA, || messages::rs_metadata(&bytes, 4));

    let bytes = messages::response(7);
    let read = format!("read the response to Produce 7 of {} partitions", messages::PARTITIONS);
    count(&read, MILENA, || messages::read_response(&bytes, 7));
    count(&read, KAFKA_PROTOCOL, || messages::their_response(&bytes, 7));
    count(&read, RSKAFKA, || messages::rs_response(&bytes, 7));
}
