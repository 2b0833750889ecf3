//! The partition of a key of 8 bytes, as each family chooses it.

use std::hint::black_box;
use std::num::NonZeroU32;

use criterion::Criterion;
use milena_partitioner::Partitioner;

fn partitioner(criterion: &mut Criterion) {
    let Some(partitions) = NonZeroU32::new(6) else { return };
    let mut group = criterion.benchmark_group("partitioner");
    for partitioner in Partitioner::ALL {
        group.bench_function(partitioner.name(), |bencher| {
            bencher.iter(|| partitioner.choose(Some(black_box(b"user-123")), partitions));
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    partitioner(&mut criterion);
    criterion.final_summary();
}
