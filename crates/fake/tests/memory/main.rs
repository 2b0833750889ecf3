//! A decompression bomb costs the cluster the bound on a batch and little more, by a counting allocator.
//!
//! The counters are those of the process, so that there is one test only.

#![expect(clippy::unwrap_used, reason = "a test that cannot talk to the cluster has failed")]

use std::alloc::System;

use milena_codec::ErrorCode;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use client::*;
use packed::*;

mod bombs;
#[path = "../guard/client.rs"]
#[expect(dead_code, reason = "the guard uses the rest of it")]
mod client;
#[path = "../guard/packed.rs"]
#[expect(dead_code, reason = "the guard uses the rest of it")]
mod packed;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// `DECOMPRESSED_BYTES_MAX`.
const BATCH_BYTES_MAX: usize = 104_857_600;
/// Contexts of codecs, and everything around a request.
const ALLOWANCE: usize = 4 << 20;

#[tokio::test]
async fn decompression_bomb_allocates_no_more_than_its_bound() {
    let cluster = one_broker().await;
    let max_message_bytes = 16 << 20;
    cluster.configure_topic("t", milena_fake::TopicConfig { max_message_bytes, ..Default::default() });
    let mut wire = Wire::to(&cluster, 1);
    for (codec, bomb) in bombs::all() {
        let batch = batch_of(codec, 1, &bomb);
        // The frame is written, read, and kept in the journal.
        let allowed = BATCH_BYTES_MAX + 16 * batch.len() + ALLOWANCE;
        let region = Region::new(ALLOCATOR);
        let answer = wire.produce(batch, 9).await;
        let used = region.change();
        assert_eq!(answer.error_code, ErrorCode::UNKNOWN_SERVER_ERROR, "{codec}");
        let words = answer.error_message.unwrap_or_default();
        assert!(words.ends_with("decompresses to more than 104857600 bytes"), "{codec}: {words}");
        let kept = used.bytes_allocated.saturating_sub(used.bytes_deallocated);
        assert!(used.bytes_allocated <= allowed, "{codec}: {allowed} bytes are allowed, {used:?}");
        assert!(kept <= allowed - BATCH_BYTES_MAX, "{codec}: {kept} bytes are kept");
        assert_eq!(wire.code(good(codec)).await, ErrorCode::NONE, "{codec}: the cluster serves on");
    }
}
