//! The chunks that batches are made of, and the bookkeeping of one byte budget over them.

/// The sizes of pooled chunks. A batch begins with one as large as its partition's last batch was, and goes on with
/// larger ones: a thousand partitions of small batches share the budget, and a full batch is a few pieces.
const CLASSES: [usize; 4] = [1 << 10, 4 << 10, 16 << 10, 64 << 10];

/// The largest pooled chunk; what needs more gets memory of its own.
pub const CHUNK_BYTES_MAX: usize = CLASSES[CLASSES.len() - 1];

fn class_of(bytes: usize) -> Option<usize> {
    CLASSES.iter().position(|class| *class >= bytes)
}

/// Free memory: what the budget has left, part of it as chunks that were used before.
///
/// Invariant: `pooled <= free`, so that pooled and used memory together stay within the budget.
#[derive(Debug)]
pub(super) struct Pool {
    /// The bytes that records may take together.
    budget: usize,
    free: usize,
    pooled: usize,
    /// The bytes to be set aside, once they come back.
    owed: usize,
    /// Used chunks by class, the last one in first: it is still in the processor's cache.
    chunks: [Vec<Vec<u8>>; CLASSES.len()],
}

impl Pool {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, free: budget, pooled: 0, owed: 0, chunks: Default::default() }
    }

    /// The size of the chunk that holds `bytes`: a class, or exactly `bytes` above the largest and where the class is
    /// more than the whole budget.
    pub(super) fn chunk_bytes(&self, bytes: usize) -> usize {
        let class = class_of(bytes).map(|class| CLASSES[class]);
        class.filter(|class| *class <= self.budget).unwrap_or(bytes)
    }

    /// The bytes that records may take together: the budget without the bytes that were set aside.
    pub(super) const fn budget(&self) -> usize {
        self.budget
    }

    pub(super) const fn free(&self) -> usize {
        self.free
    }

    /// Reserves `bytes`. Returns whether they are free.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.free;
        if fits {
            self.free -= bytes;
        }
        fits
    }

    /// Ends a reservation, or a use, of `bytes`.
    pub(super) fn release(&mut self, bytes: usize) {
        let owed = bytes.min(self.owed);
        self.owed -= owed;
        self.free += bytes - owed;
        debug_assert!(self.free <= self.budget, "more was given back than taken");
    }

    /// Takes `bytes` out of the budget for good: what is free now, the rest from what is released next.
    pub(super) fn set_aside(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_sub(bytes);
        let free = bytes.min(self.free);
        self.free -= free;
        self.owed += bytes - free;
        self.shrink_to_free();
    }

    /// An empty chunk of exactly `bytes`, which were reserved before.
    pub(super) fn chunk(&mut self, bytes: usize) -> Vec<u8> {
        let class = class_of(bytes).filter(|class| CLASSES[*class] == bytes);
        let used = class.and_then(|class| self.chunks[class].pop());
        self.pooled -= used.as_ref().map_or(0, Vec::capacity);
        self.shrink_to_free();
        used.unwrap_or_else(|| Vec::with_capacity(bytes))
    }

    /// Takes a chunk back, whose bytes were released before.
    pub(super) fn put_back(&mut self, mut chunk: Vec<u8>) {
        let class = class_of(chunk.capacity()).filter(|class| CLASSES[*class] == chunk.capacity());
        let Some(class) = class else { return };
        chunk.clear();
        self.pooled += chunk.capacity();
        self.chunks[class].push(chunk);
        self.shrink_to_free();
    }

    /// Gives chunks back to the system, the largest first, until they fit what is free.
    fn shrink_to_free(&mut self) {
        for class in (0..CLASSES.len()).rev() {
            while self.pooled > self.free {
                let Some(chunk) = self.chunks[class].pop() else { break };
                self.pooled -= chunk.capacity();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_has_the_size_of_its_class() {
        let pool = Pool::new(1 << 20);
        let sizes = [1, 1_024, 1_025, 65_536, 65_537].map(|bytes| pool.chunk_bytes(bytes));
        assert_eq!(sizes, [1_024, 1_024, 4_096, 65_536, 65_537]);
    }

    #[test]
    fn a_chunk_is_never_more_than_the_budget_unless_the_record_is() {
        let pool = Pool::new(20_000);
        assert_eq!([1_025, 17_000, 20_001].map(|bytes| pool.chunk_bytes(bytes)), [4_096, 17_000, 20_001]);
    }

    #[test]
    fn pooled_and_used_memory_stay_within_the_budget() {
        let mut pool = Pool::new(128 << 10);
        assert!(pool.reserve(64 << 10));
        let large = pool.chunk(64 << 10);
        pool.release(64 << 10);
        pool.put_back(large);
        assert_eq!((pool.free, pool.pooled), (128 << 10, 64 << 10));

        assert!(pool.reserve(80 << 10));
        let _own = pool.chunk(80 << 10);
        assert_eq!((pool.free, pool.pooled), (48 << 10, 0), "the pooled chunk made way");
        assert!(!pool.reserve(49 << 10));
    }

    #[test]
    fn memory_set_aside_comes_from_what_is_free_and_then_from_what_is_released() {
        let mut pool = Pool::new(100 << 10);
        assert!(pool.reserve(64 << 10));
        let chunk = pool.chunk(64 << 10);
        pool.set_aside(40 << 10);
        assert_eq!((pool.free, pool.owed), (0, 4 << 10));
        pool.release(64 << 10);
        pool.put_back(chunk);
        assert_eq!(
            (pool.free, pool.owed, pool.pooled),
            (60 << 10, 0, 0),
            "a chunk larger than what is free goes"
        );
    }

    #[test]
    fn the_chunk_that_came_back_last_goes_out_first() {
        let mut pool = Pool::new(1 << 20);
        let chunks = [(); 2].map(|()| {
            assert!(pool.reserve(1 << 10));
            pool.chunk(1 << 10)
        });
        let addresses = [&chunks[0], &chunks[1]].map(|chunk| chunk.as_ptr());
        for chunk in chunks {
            pool.release(1 << 10);
            pool.put_back(chunk);
        }
        assert!(pool.reserve(1 << 10));
        let chunk = pool.chunk(1 << 10);
        assert_eq!(chunk.as_ptr(), addresses[1]);
    }
}
