//! JSON events drawn from a seed, as services write them: names of fields and some of the values repeat from event to
//! event, ids and amounts do not. They compress as the JSON events of services do.

use std::io::Write;

use fastrand::Rng;

/// The fewest bytes of an event: the brackets and the id.
pub(super) const BYTES_MIN: usize = 32;

/// Where the time of the events starts, in milliseconds since 1970.
const BEGAN_MS: u64 = 1_780_000_000_000;
/// The most milliseconds between two events.
const STEP_MS_MAX: u64 = 40;

const KINDS: [&str; 6] =
    ["order.created", "order.paid", "basket.changed", "session.began", "payment.refused", "refund.asked"];
const COUNTRIES: [&str; 6] = ["DE", "US", "FR", "IN", "BR", "JP"];
const CURRENCIES: [&str; 4] = ["EUR", "USD", "INR", "BRL"];
const AGENTS: [&str; 4] = ["app-android/5.12.1", "app-ios/5.12.0", "web/2024.11", "partner-api/3"];
const WORDS: [&str; 32] = [
    "accepted",
    "account",
    "address",
    "after",
    "amount",
    "basket",
    "because",
    "before",
    "changed",
    "confirmed",
    "customer",
    "delivery",
    "discount",
    "expired",
    "failed",
    "from",
    "invoice",
    "item",
    "limit",
    "order",
    "partner",
    "payment",
    "price",
    "refund",
    "request",
    "retry",
    "session",
    "shipped",
    "stock",
    "timeout",
    "user",
    "with",
];

/// Makes one event after another.
#[derive(Debug)]
pub(super) struct Events {
    dice: Rng,
    time_ms: u64,
}

impl Events {
    /// The same seed makes the same events.
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Rng::with_seed(seed), time_ms: BEGAN_MS }
    }

    /// The next event, of so many bytes: at least [`BYTES_MIN`].
    pub(super) fn event(&mut self, bytes: usize) -> Vec<u8> {
        self.time_ms += self.dice.u64(..=STEP_MS_MAX);
        let mut event = Vec::with_capacity(bytes);
        event.extend_from_slice(format!(r#"{{"id":"{:016x}""#, self.dice.u64(..)).as_bytes());
        for field in self.fields() {
            // A field that does not fit is left out.
            if event.len() + field.len() < bytes {
                event.extend_from_slice(field.as_bytes());
            }
        }
        self.fill(&mut event, bytes - 1);
        event.push(b'}');
        event
    }

    fn fields(&mut self) -> [String; 8] {
        let dice = &mut self.dice;
        let (euros, cents) = (dice.u32(1..900), dice.u32(..100));
        [
            format!(r#","type":"{}""#, one_of(dice, &KINDS)),
            format!(r#","time":{}"#, self.time_ms),
            format!(r#","user":{}"#, dice.u32(..90_000)),
            format!(r#","country":"{}""#, one_of(dice, &COUNTRIES)),
            format!(r#","amount":{euros}.{cents:02}"#),
            format!(r#","currency":"{}""#, one_of(dice, &CURRENCIES)),
            format!(r#","session":"{:08x}""#, dice.u32(..)),
            format!(r#","agent":"{}""#, one_of(dice, &AGENTS)),
        ]
    }

    /// Fills an event up to its last byte but one: with a note, or with blanks where a note has no room.
    fn fill(&mut self, event: &mut Vec<u8>, bytes: usize) {
        const NOTE: &[u8] = br#","note":""#;
        let has_room = event.len() + NOTE.len() < bytes;
        if has_room {
            event.extend_from_slice(NOTE);
            while event.len() < bytes - 1 {
                // Writing to memory does not fail.
                let _ = match self.dice.u8(..6) {
                    0 => write!(event, "{} ", self.dice.u32(..100_000)),
                    _ => write!(event, "{} ", one_of(&mut self.dice, &WORDS)),
                };
            }
            event.truncate(bytes - 1);
            event.push(b'"');
        }
        event.resize(bytes, b' ');
    }
}

fn one_of(dice: &mut Rng, from: &[&'static str]) -> &'static str {
    dice.choice(from).copied().unwrap_or_default()
}
