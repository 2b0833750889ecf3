//! A batch that is opened and settled after 100 000 flushes that were given up, and beside 10 000 that wait for a later one.

use std::task::Waker;
use std::time::Instant;

use criterion::Criterion;
use milena_sender::sync::Outstanding;

fn open_and_settle(outstanding: &Outstanding, now: Instant, wakers: &mut Vec<Waker>) {
    let batch = outstanding.open(now);
    outstanding.settle(batch, wakers);
    wakers.clear();
}

fn flushes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a batch is settled");
    let (mut wakers, now) = (Vec::new(), some_time());
    let alone = Outstanding::default();
    group.bench_function("alone", |bencher| bencher.iter(|| open_and_settle(&alone, now, &mut wakers)));

    let given_up = Outstanding::default();
    let _oldest = given_up.open(now);
    for _ in 0..100_000 {
        let flush = given_up.end_generation();
        assert!(given_up.settled(flush).poll(Waker::noop()).is_pending());
    }
    group.bench_function("after 100 000 flushes that were given up", |bencher| {
        bencher.iter(|| open_and_settle(&given_up, now, &mut wakers));
    });

    let awaited = Outstanding::default();
    let _oldest = awaited.open(now);
    let target = awaited.end_generation();
    let mut waiting: Vec<_> = (0..10_000).map(|_| awaited.settled(target)).collect();
    assert!(waiting.iter_mut().all(|flush| flush.poll(Waker::noop()).is_pending()));
    group.bench_function("beside 10 000 flushes that wait for another", |bencher| {
        bencher.iter(|| open_and_settle(&awaited, now, &mut wakers));
    });
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "a time to stand still at")]
fn some_time() -> Instant {
    Instant::now()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    flushes(&mut criterion);
    criterion.final_summary();
}
