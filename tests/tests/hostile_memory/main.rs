//! What a peer makes a producer hold: at most a mebibyte beyond what an honest broker does, and a small multiple of what
//! the peer really sent.
//!
//! A counting allocator is looked at whenever the producer touches a connection. What was live before, and everything
//! that was asked for since, is never less than the peak between the two; the peer and the broker behind it are counted
//! as well. One test, because the allocator counts for the whole process.

use std::alloc::System;
use std::sync::atomic::{AtomicUsize, Ordering};

use milena_fake::Keep;
use milena_tests::hostile::{Act, At, Ground, Peer, assert_all, meet_on, peers};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a peer that sends next to nothing may cost.
const ALLOWANCE: usize = 1 << 20;
/// What may be made of a byte that was really sent: it is written, received and decoded.
const FACTOR: usize = 8;

/// What was live when the last look was taken.
static LIVE: AtomicUsize = AtomicUsize::new(0);
/// What had been asked for by then, ever.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// The most that can have been live at any time.
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn look() {
    let stats = ALLOCATOR.stats();
    let since = stats.bytes_allocated.saturating_sub(ASKED.swap(stats.bytes_allocated, Ordering::Relaxed));
    let live = stats.bytes_allocated.saturating_sub(stats.bytes_deallocated);
    let most = LIVE.swap(live, Ordering::Relaxed) + since;
    PEAK.fetch_max(most, Ordering::Relaxed);
}

/// The most that meeting a peer can have had live, and the longest of its answers.
async fn peak(peer: &Peer) -> (usize, usize) {
    let ground = Ground::keeping(Keep::Nothing, peer, 1, 1).await.probed(look);
    look();
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    drop(meet_on(&ground).await);
    look();
    (PEAK.load(Ordering::Relaxed).saturating_sub(before), ground.longest_lie())
}

#[tokio::test(start_paused = true)]
async fn no_peer_makes_a_producer_hold_a_mebibyte_more_than_an_honest_one() {
    let honest = Peer::new("an honest one", At::Never, Act::Nothing);
    let (_, _) = peak(&honest).await;
    let (usual, _) = peak(&honest).await;
    let mut worst = (0, "");
    assert_all(&peers::all(), async |peer: &Peer| {
        let (peak, lie) = peak(peer).await;
        let extra = peak.saturating_sub(usual);
        if lie < 4096 {
            worst = worst.max((extra, peer.name));
        }
        let allowed = ALLOWANCE + FACTOR * lie;
        (extra > allowed)
            .then(|| format!("{extra} bytes, {allowed} are allowed, its longest answer has {lie}"))
    })
    .await;
    println!("an honest broker: {usual} bytes; most beyond that: {worst:?}");
    assert!(usual > 100_000, "the record alone has 100 kB: {usual}");
}
