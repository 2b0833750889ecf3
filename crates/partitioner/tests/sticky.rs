//! How records without a key go round.

use milena_partitioner::StickyCell;
use proptest::collection::vec;
use proptest::prelude::*;

/// Sends records of these sizes over `partitions`, and says what each got.
fn shares(sizes: &[u32], batch_bytes: u32, partitions: u32) -> Vec<u64> {
    let mut shares = vec![0; partitions as usize];
    let mut cell = StickyCell::new(0, batch_bytes);
    for bytes in sizes {
        shares[cell.partition() as usize] += u64::from(*bytes);
        cell = cell.spend(*bytes, batch_bytes, |last| (last + 1) % partitions);
    }
    shares
}

#[test]
fn a_cell_moves_on_with_the_record_that_fills_its_batch() {
    let mut cell = StickyCell::new(4, 1_000);
    for (bytes, partition) in [(999, 4), (1, 5), (1_000, 6), (5_000, 7), (0, 7)] {
        cell = cell.spend(bytes, 1_000, |last| last + 1);
        assert_eq!(cell.partition(), partition, "after {bytes} more");
    }
}

#[test]
fn a_batch_of_no_bytes_gives_each_record_its_own_turn() {
    assert_eq!(shares(&[7; 9], 0, 3), [21; 3]);
}

proptest! {
    #[test]
    fn shares_differ_by_less_than_a_batch_and_the_largest_record_of_each_round(
        sizes in vec(1u32..5_000, 1..2_000),
        batch_bytes in 1u32..20_000,
        partitions in 1u32..10,
    ) {
        let shares = shares(&sizes, batch_bytes, partitions);
        let rounds = shares.iter().sum::<u64>() / u64::from(batch_bytes) / u64::from(partitions) + 1;
        let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        prop_assert!(most - least <= u64::from(batch_bytes) + rounds * 5_000, "{:?}", shares);
    }

    #[test]
    fn a_cell_fits_a_word(partition: u32, left in 1u32..) {
        let cell = StickyCell::new(partition, left);
        prop_assert_eq!(StickyCell::from_bits(cell.to_bits()), cell);
        prop_assert_eq!(StickyCell::from_bits(cell.to_bits()).partition(), partition);
    }
}
