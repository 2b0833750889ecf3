//! The order in which lines of callers take turns, and the first of them that may have room.
//!
//! A line stands at a place; the one that had its turn goes to a place behind all others, and a line that is passed over keeps
//! its own. A tree over the places knows for each half, quarter and so on the least that its lines need, so that lines which
//! may have no room are passed over together: in as many steps as the tree is high, however many they are.
//!
//! ```text
//!                       little, or 4 KiB of the share
//!                      ╱                             ╲
//!               64 KiB                          little, or 4 KiB
//!              ╱      ╲                        ╱                ╲
//!   place 0: 64 KiB   place 1: left      place 2: little     place 3: 4 KiB
//! ```

use super::account::Account;
use super::shares::Shares;

/// The least number of places.
const PLACES_MIN: usize = 8;

/// The need of the first caller of a line beside free memory; or the least need of several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// Nothing: the partition holds little.
    little: bool,
    /// Bytes of the share of the partitions without progress, 0 for a partition that makes progress and holds much; and that a
    /// part of the budget stays free. The largest number where no line stands.
    stalled_bytes: usize,
}

/// Which lines may have room.
#[derive(Clone, Copy, Debug)]
pub(super) enum Allowed {
    /// Those of partitions that hold little.
    Little,
    /// Those, and of partitions that hold much the ones that need at most so many bytes of the share of the partitions without
    /// progress.
    All { stalled_bytes: usize },
}

/// The lines in the order of their turns.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Node 1 is the root, those below node `n` are `2n` and `2n + 1`, and the second half are the places.
    nodes: Vec<Need>,
    /// By place, the serial of the account whose line stands there, or stood.
    serials: Vec<u32>,
    /// How many nodes were looked at.
    #[cfg(test)]
    steps: std::cell::Cell<usize>,
}

impl Need {
    const NONE: Self = Self { little: false, stalled_bytes: usize::MAX };

    /// The need of a line whose first caller waits for `bytes`.
    pub(super) fn of(shares: Shares, account: &Account, bytes: usize) -> Self {
        if shares.is_large(account) {
            let stalled_bytes = shares.stalled_bytes(account, bytes).min(usize::MAX - 1);
            Self { little: false, stalled_bytes }
        } else {
            Self { little: true, ..Self::NONE }
        }
    }

    fn least(self, other: Self) -> Self {
        Self {
            little: self.little || other.little,
            stalled_bytes: self.stalled_bytes.min(other.stalled_bytes),
        }
    }

    const fn is_met(self, allowed: Allowed) -> bool {
        match allowed {
            Allowed::Little => self.little,
            Allowed::All { stalled_bytes } => self.little || self.stalled_bytes <= stalled_bytes,
        }
    }
}

impl Turns {
    /// Whether the last place is taken: the lines have to [close up](Self::close_up) before another one comes.
    pub(super) const fn is_full(&self) -> bool {
        self.serials.len() == self.places()
    }

    /// A line stands behind all others. Returns its place.
    pub(super) fn push(&mut self, serial: u32, need: Need) -> usize {
        let place = self.serials.len();
        self.serials.push(serial);
        self.set(place, need);
        place
    }

    /// The line at a place needs something else by now.
    pub(super) fn set(&mut self, place: usize, need: Need) {
        let mut node = self.places() + place;
        self.nodes[node] = need;
        while node > 1 {
            #[cfg(test)]
            self.count_step();
            node /= 2;
            let least = self.least_below(node);
            // Nothing changes above.
            if self.nodes[node] == least {
                return;
            }
            self.nodes[node] = least;
        }
    }

    /// The line at a place has left.
    pub(super) fn remove(&mut self, place: usize) {
        self.set(place, Need::NONE);
    }

    /// The first line that may have room: the serial of its account.
    pub(super) fn first(&self, allowed: Allowed) -> Option<u32> {
        let mut node = 1;
        self.nodes.get(node).filter(|least| least.is_met(allowed))?;
        while node < self.places() {
            #[cfg(test)]
            self.count_step();
            node *= 2;
            if !self.nodes[node].is_met(allowed) {
                node += 1;
            }
        }
        self.serials.get(node - self.places()).copied()
    }

    /// Gives the places of lines that have left to those behind. Returns the lines by their new places. At least half of all
    /// places are free then, so that a line that comes pays for a few places at most.
    pub(super) fn close_up(&mut self) -> &[u32] {
        let needs = self.nodes.split_off(self.places());
        let lines = std::mem::take(&mut self.serials).into_iter().zip(needs);
        let (serials, needs): (Vec<u32>, Vec<Need>) = lines.filter(|(_, need)| *need != Need::NONE).unzip();
        let places = (needs.len() * 2).next_power_of_two().max(PLACES_MIN);
        self.serials = serials;
        self.nodes = vec![Need::NONE; places];
        self.nodes.extend(needs);
        self.nodes.resize(places * 2, Need::NONE);
        for node in (1..places).rev() {
            #[cfg(test)]
            self.count_step();
            self.nodes[node] = self.least_below(node);
        }
        &self.serials
    }

    /// No line stands any more: the memory of the places is given back.
    pub(super) fn clear(&mut self) {
        (self.nodes, self.serials) = (Vec::new(), Vec::new());
    }

    const fn places(&self) -> usize {
        self.nodes.len() / 2
    }

    fn least_below(&self, node: usize) -> Need {
        self.nodes[2 * node].least(self.nodes[2 * node + 1])
    }

    #[cfg(test)]
    fn count_step(&self) {
        self.steps.set(self.steps.get() + 1);
    }
}

#[cfg(all(test, not(loom)))]
impl Turns {
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    /// The lines that stand, in order.
    pub(super) fn serials(&self) -> impl Iterator<Item = u32> {
        let needs = &self.nodes[self.places()..];
        self.serials.iter().zip(needs).filter(|(_, need)| **need != Need::NONE).map(|(serial, _)| *serial)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const KIB: usize = 1 << 10;

    fn large(kib: usize) -> Need {
        Need { little: false, stalled_bytes: kib * KIB }
    }

    const LITTLE: Need = Need { little: true, ..Need::NONE };

    /// Lines with such needs, by serial from 0 on.
    fn turns(needs: &[Need]) -> Turns {
        let mut turns = Turns::default();
        turns.close_up();
        for (serial, need) in (0..).zip(needs) {
            turns.push(serial, *need);
        }
        turns
    }

    fn share(kib: usize) -> Allowed {
        Allowed::All { stalled_bytes: kib * KIB }
    }

    #[test]
    fn first_line_is_the_one_in_front_whose_need_is_met() {
        let turns = turns(&[large(64), large(4), LITTLE, large(0)]);
        let first = [share(64), share(63), share(3), Allowed::Little].map(|allowed| turns.first(allowed));
        assert_eq!(first, [Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(Turns::default().first(share(64)), None);
    }

    #[test]
    fn line_that_left_is_passed_over_and_its_place_is_given_away() {
        let mut turns = turns(&[LITTLE; 8]);
        (0..7).for_each(|place| turns.remove(place));
        assert!(turns.is_full());
        assert_eq!(turns.close_up(), [7]);
        assert_eq!(
            (turns.push(9, large(4)), turns.first(Allowed::Little), turns.is_full()),
            (1, Some(7), false)
        );
    }

    fn need() -> impl Strategy<Value = Need> {
        prop_oneof![Just(LITTLE), Just(Need::NONE), (0usize..6).prop_map(large)]
    }

    proptest! {
        #[test]
        fn first_line_is_that_of_a_walk_from_the_front(
            changes in vec((0usize..40, need()), 1..200),
            kib in 0usize..6,
        ) {
            let mut turns = turns(&[]);
            for (place, need) in changes {
                match place < turns.serials.len() {
                    true => turns.set(place, need),
                    false if turns.is_full() => drop(turns.close_up().len()),
                    false => drop(turns.push(u32::try_from(place).unwrap_or(0), need)),
                }
                for allowed in [share(kib), Allowed::Little] {
                    let needs = &turns.nodes[turns.places()..];
                    let walked = needs.iter().position(|need| need.is_met(allowed));
                    prop_assert_eq!(turns.first(allowed), walked.map(|place| turns.serials[place]));
                }
            }
        }
    }
}
