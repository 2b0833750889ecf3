//! The topics that brokers refused to describe, kept for a growing backoff (KIP-580): a loop that sends to a topic that it
//! may not see causes a bounded number of requests, and gets the kept error between them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use milena_backoff::Backoff;
use milena_codec::ErrorCode;

/// The most refused topics that are remembered. Of more, the oldest refusals are forgotten first.
const REFUSALS_MAX: usize = 1_024;

/// The refusals, by the name of the topic.
#[derive(Debug)]
pub(super) struct Refusals {
    backoff: Backoff,
    by_name: HashMap<Arc<str>, Refused>,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    code: ErrorCode,
    /// Until then no metadata is requested again.
    until: Instant,
    /// How many times in a row the topic was refused.
    times: u32,
    /// A caller that does not wait has had it.
    is_told: bool,
}

impl Refusals {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, by_name: HashMap::new() }
    }

    /// The refusal of a topic, until its backoff is over.
    pub(super) fn get(&self, name: &str, now: Instant) -> Option<ErrorCode> {
        self.by_name.get(name).filter(|refused| now < refused.until).map(|refused| refused.code)
    }

    /// The same for a caller that does not wait, which looks in now and then: it gets each refusal at least once.
    pub(super) fn take_news(&mut self, name: &str, now: Instant) -> Option<ErrorCode> {
        let refused = self.by_name.get_mut(name)?;
        let is_news = !std::mem::replace(&mut refused.is_told, true);
        (is_news || now < refused.until).then_some(refused.code)
    }

    /// The brokers refused.
    pub(super) fn insert(&mut self, name: Arc<str>, code: ErrorCode, now: Instant) {
        let times = self.by_name.get(&name).map_or(0, |refused| refused.times);
        if times == 0 && self.by_name.len() >= REFUSALS_MAX {
            self.make_room();
        }
        let until = now + self.backoff.after(times);
        self.by_name.insert(name, Refused { code, until, times: times.saturating_add(1), is_told: false });
    }

    /// The topic is known.
    pub(super) fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    fn make_room(&mut self) {
        let oldest = self.by_name.iter().min_by_key(|(_, refused)| refused.until);
        if let Some(name) = oldest.map(|(name, _)| Arc::clone(name)) {
            self.by_name.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    fn refusals() -> Refusals {
        Refusals::new(Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7))
    }

    #[test]
    fn a_refusal_is_kept_for_longer_each_time() {
        let (mut refusals, mut now) = (refusals(), clock::now());
        let mut kept = Vec::new();
        for _ in 0..6 {
            refusals.insert("t".into(), ErrorCode::TOPIC_AUTHORIZATION_FAILED, now);
            let begun = now;
            while refusals.get("t", now).is_some() {
                now += Duration::from_millis(1);
            }
            kept.push(now - begun);
        }
        assert!(kept[0] >= Duration::from_millis(80) && kept[0] <= Duration::from_millis(121), "{kept:?}");
        assert!(kept[5] >= Duration::from_millis(800) && kept[5] <= Duration::from_millis(1_201), "{kept:?}");
        refusals.remove("t");
        refusals.insert("t".into(), ErrorCode::TOPIC_AUTHORIZATION_FAILED, now);
        assert!(refusals.get("t", now + Duration::from_millis(121)).is_none(), "it began anew");
    }

    #[test]
    fn a_caller_that_looks_in_now_and_then_gets_each_refusal_once() {
        let (mut refusals, now) = (refusals(), clock::now());
        let later = now + Duration::from_secs(60);
        for _ in 0..2 {
            refusals.insert("t".into(), ErrorCode::TOPIC_AUTHORIZATION_FAILED, now);
            assert!(refusals.take_news("t", later).is_some());
            assert!(refusals.take_news("t", later).is_none(), "the brokers are asked again");
        }
    }

    #[test]
    fn of_too_many_refusals_the_oldest_are_forgotten() {
        let (mut refusals, now) = (refusals(), clock::now());
        for number in 0..REFUSALS_MAX + 1_000 {
            let name: Arc<str> = format!("t-{number}").into();
            refusals.insert(
                name,
                ErrorCode::INVALID_TOPIC_EXCEPTION,
                now + Duration::from_millis(number as u64),
            );
        }
        assert_eq!(refusals.by_name.len(), REFUSALS_MAX);
        assert!(refusals.get("t-2023", now).is_some());
    }
}
