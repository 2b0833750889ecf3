//! A value that is replaced now and then, and read for every record.

use std::sync::{Arc, OnceLock};

/// One value of a chain: a reader that holds an old one follows `next` to the newest, without a lock and without a write.
///
/// Replacements are as rare as a topic that gets more partitions, so a chain stays short. Loom has no `OnceLock`, and
/// there is nothing to model: a reader sees a replacement now or at its next record.
#[derive(Debug)]
pub struct Latest<T> {
    value: T,
    next: OnceLock<Arc<Self>>,
}

impl<T> Latest<T> {
    /// The first value.
    pub fn new(value: T) -> Arc<Self> {
        Arc::new(Self { value, next: OnceLock::new() })
    }

    /// This value, if no newer one exists.
    #[inline]
    pub fn get(&self) -> &T {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        &newest.value
    }

    /// Puts a newer value behind the newest.
    pub fn replace(&self, value: T) {
        let mut value = Self::new(value);
        let mut last = self;
        loop {
            match last.next.set(value) {
                Ok(()) => return,
                Err(refused) => value = refused,
            }
            // `set` refuses only when there is a next one.
            let Some(next) = last.next.get() else { return };
            last = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_holder_sees_the_newest_value() {
        let first = Latest::new(1);
        first.replace(2);
        first.replace(3);
        assert_eq!(*first.get(), 3);
    }
}
