//! Requests and renewals in any order that chance gives them, against a broker that is strict about it.

use std::collections::VecDeque;
use std::time::Duration;

use milena_codec::ErrorCode;
use proptest::prelude::*;

use super::broker::{Heard, authenticated, config, handshake, heard, plain};
use super::peer::{Talk, Told, answer};
use crate::session::ResponseExpected;

/// What a story does to a session beside its renewals.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Send(bool),
    Write(usize),
    Work,
    Answer,
    Pass(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        3 => any::<bool>().prop_map(Deed::Send),
        3 => (1_usize..60).prop_map(Deed::Write),
        1 => Just(Deed::Work),
        3 => Just(Deed::Answer),
        1 => (1_u64..2000).prop_map(Deed::Pass),
    ];
    proptest::collection::vec(deed, 1..150)
}

/// A broker that is strict: between a handshake and the end of its exchange it takes nothing else.
#[derive(Default)]
struct Strict {
    wire: Vec<u8>,
    exchanging: bool,
    unanswered: VecDeque<Heard>,
    served: Vec<i32>,
}

impl Strict {
    fn read(&mut self, bytes: &[u8]) {
        self.wire.extend(bytes);
        while let Some((length, _)) = self.wire.split_first_chunk::<4>() {
            let whole = 4 + usize::try_from(u32::from_be_bytes(*length)).unwrap();
            if self.wire.len() < whole {
                return;
            }
            let frame: Vec<u8> = self.wire.drain(..whole).collect();
            for request in heard(&frame) {
                self.take(request);
            }
        }
    }

    fn take(&mut self, request: Heard) {
        match &request {
            Heard::Handshake(..) => assert!(!std::mem::replace(&mut self.exchanging, true)),
            Heard::Authenticate(..) => assert!(self.exchanging),
            Heard::Other(id) => {
                assert!(!self.exchanging, "a request within an exchange");
                self.served.push(*id);
            }
            Heard::Versions(_) => assert!(!self.exchanging),
        }
        self.unanswered.push_back(request);
    }

    /// The answer to the oldest request; none for a request that awaits nothing.
    fn answer(&mut self, silent: &[i32]) -> Vec<u8> {
        match self.unanswered.pop_front() {
            Some(Heard::Handshake(id, _)) => handshake(id, ErrorCode::NONE, &[]),
            Some(Heard::Authenticate(id, _)) => {
                self.exchanging = false;
                authenticated(id, b"", 2000)
            }
            Some(Heard::Other(id)) if !silent.contains(&id) => answer(id, b"body"),
            _ => Vec::new(),
        }
    }
}

proptest! {
    #[test]
    fn pipelined_requests_and_renewals_never_mix(deeds in deeds()) {
        let mut talk = Talk::authenticated(config(plain()), 2000);
        let (mut broker, mut sent, mut silent, mut told) = (Strict::default(), Vec::new(), Vec::new(), Vec::new());
        let mut go = |talk: &mut Talk, broker: &mut Strict, deed: Deed| {
            match deed {
                Deed::Send(awaits) if talk.session.room() > 0 => {
                    let id = talk.send(if awaits { ResponseExpected::Yes } else { ResponseExpected::No });
                    sent.push(id);
                    if !awaits {
                        silent.push(id);
                    }
                }
                Deed::Send(_) => {}
                Deed::Write(limit) => broker.read(&talk.write(limit)),
                Deed::Work if talk.work.is_some() => talk.work(),
                Deed::Work => {}
                Deed::Answer => talk.hear(&broker.answer(&silent)),
                Deed::Pass(ms) => talk.pass(Duration::from_millis(ms)),
            }
            let events = talk.events().unwrap();
            told.extend(events.into_iter().filter_map(|told| match told {
                Told::Answered(id, _) | Told::Written(id) => Some(id),
                _ => None,
            }));
        };
        // Nobody looks at the deadlines, which have tests of their own.
        for deed in deeds {
            go(&mut talk, &mut broker, deed);
        }
        for _ in 0..100 {
            for deed in [Deed::Work, Deed::Write(usize::MAX), Deed::Answer] {
                go(&mut talk, &mut broker, deed);
            }
        }
        prop_assert_eq!(&broker.served, &sent, "every request arrives once, in order");
        told.sort_unstable();
        prop_assert_eq!(told, sent, "every request comes back once");
        prop_assert_eq!(talk.session.in_flight(), 0);
    }
}
