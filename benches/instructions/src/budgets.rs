//! Budgets of instructions: a file of names and numbers, and what a count beside its budget means.
//!
//! A budget is kept tight in both directions. A count above it is a regression. A count far below it is a gain that the next
//! change could spend unseen, so that it fails too until the budget is set anew.

use std::collections::BTreeMap;
use std::fmt;

/// A count may be this much above its budget: the next patch of the toolchain or of the C library moves some.
const ABOVE_MAX: f64 = 0.02;
/// A count may be this much below its budget.
const BELOW_MAX: f64 = 0.05;

/// Budgets by name.
#[derive(Debug)]
pub(crate) struct Budgets(BTreeMap<String, f64>);

/// A count beside its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is near enough.
    Within,
    /// It costs more.
    Above,
    /// It costs so much less that the budget has to follow.
    Below,
}

impl Budgets {
    /// Reads lines of `name number`; `#` begins a comment.
    ///
    /// # Errors
    /// The line that is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let rows = lines.filter(|line| !line.is_empty()).map(|line| {
            let row =
                line.split_once(' ').and_then(|(name, number)| Some((name, number.trim().parse().ok()?)));
            let (name, number) = row.ok_or_else(|| format!("budgets: no name and number: {line}"))?;
            Ok((name.to_owned(), number))
        });
        rows.collect::<Result<_, String>>().map(Self)
    }

    /// The budget of a measure.
    ///
    /// # Errors
    /// A text that names a measure without a budget.
    pub(crate) fn of(&self, name: &str) -> Result<f64, String> {
        self.0.get(name).copied().ok_or_else(|| format!("budgets: {name} has none"))
    }

    /// The text of a file of budgets with these counts in it; its comments stay.
    #[must_use]
    pub(crate) fn replaced(text: &str, counts: &[(&str, f64)]) -> String {
        let count_of = |line: &str| {
            let name = line.split(' ').next()?;
            counts.iter().find(|(counted, _)| *counted == name)
        };
        let line = |line: &str| match count_of(line) {
            Some((name, count)) => {
                let comment = line.find('#').map_or("", |at| &line[at..]);
                format!("{name:<24} {count:>10.1} {comment}").trim_end().to_owned() + "\n"
            }
            None => line.to_owned() + "\n",
        };
        text.lines().map(line).collect()
    }
}

impl Verdict {
    /// The meaning of a count beside its budget.
    #[must_use]
    pub(crate) fn of(count: f64, budget: f64) -> Self {
        match count / budget - 1.0 {
            change if change > ABOVE_MAX => Self::Above,
            change if change < -BELOW_MAX => Self::Below,
            _ => Self::Within,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Within => "",
            Self::Above => {
                "above the budget: make it cheaper, or set the budget and give the reason in the commit"
            }
            Self::Below => "far below the budget: set it, so that the gain is kept (`just instructions set`)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Of one record.\n\nenqueue 100.0 # a comment\nanswer  2000\n";

    #[test]
    fn budgets_are_read_without_comments() {
        let budgets = Budgets::parse(TEXT).expect("budgets");
        assert_eq!((budgets.of("enqueue"), budgets.of("answer")), (Ok(100.0), Ok(2000.0)));
        assert!(budgets.of("other").is_err());
        assert!(Budgets::parse("enqueue much\n").is_err());
    }

    #[test]
    fn count_far_from_its_budget_is_reported_in_both_directions() {
        for (count, expected) in [
            (100.0, Verdict::Within),
            (101.9, Verdict::Within),
            (102.1, Verdict::Above),
            (95.1, Verdict::Within),
            (94.9, Verdict::Below),
        ] {
            assert_eq!(Verdict::of(count, 100.0), expected, "{count}");
        }
    }

    #[test]
    fn counts_replace_budgets_and_leave_comments() {
        let replaced = Budgets::replaced(TEXT, &[("enqueue", 90.04)]);
        assert!(replaced.starts_with("# Of one record.\n\nenqueue "), "{replaced}");
        assert!(replaced.contains(" 90.0 # a comment\nanswer  2000\n"), "{replaced}");
        assert_eq!(Budgets::parse(&replaced).expect("budgets").of("enqueue"), Ok(90.0));
    }
}
