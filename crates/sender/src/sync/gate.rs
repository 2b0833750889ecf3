//! A lock that loom also lets others find held.
//!
//! Loom switches threads where a lock is taken, not where it is given back, and so never tries a `try_lock` while
//! another thread holds the lock. Here a second lock shows that, around both ends.

use std::ops::{Deref, DerefMut};

use loom::sync::{Mutex, MutexGuard};

use super::Lock;

/// A lock whose holder others may meet.
#[derive(Debug, Default)]
pub(crate) struct Gate<T> {
    inner: Mutex<T>,
    held: Mutex<bool>,
}

/// Gives the lock back when it is dropped.
pub(crate) struct GateGuard<'a, T> {
    inner: MutexGuard<'a, T>,
    held: &'a Mutex<bool>,
}

impl<T> Gate<T> {
    pub(crate) fn new(content: T) -> Self {
        Self { inner: Mutex::new(content), held: Mutex::new(false) }
    }

    fn guard<'a>(&'a self, inner: MutexGuard<'a, T>) -> GateGuard<'a, T> {
        *super::lock(&self.held) = true;
        GateGuard { inner, held: &self.held }
    }
}

impl<T> Lock for Gate<T> {
    type Guard<'a>
        = GateGuard<'a, T>
    where
        Self: 'a;

    fn hold(&self) -> GateGuard<'_, T> {
        self.guard(super::lock(&self.inner))
    }

    fn try_hold(&self) -> Option<GateGuard<'_, T>> {
        let held = *super::lock(&self.held);
        if held { None } else { super::try_lock(&self.inner).map(|inner| self.guard(inner)) }
    }
}

impl<T> Deref for GateGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for GateGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T> Drop for GateGuard<'_, T> {
    fn drop(&mut self) {
        *super::lock(self.held) = false;
    }
}
