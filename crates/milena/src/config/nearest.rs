//! The answer to a name that nothing has: the nearest one that something has.

use crate::error::ConfigError;

/// Says that no property is called so, and which of the known names is nearest, if one is near.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ConfigError {
    let shown = name.escape_debug();
    let message = match nearest(name, known) {
        // A third of the letters wrong is no slip of the finger any more.
        Some((distance, known)) if distance * 3 <= name.len().max(3) => {
            format!("there is no property `{shown}`: did you mean `{known}`?")
        }
        _ => format!(
            "there is no property `{shown}`: take a name of Java's, librdkafka's or sarama's producer"
        ),
    };
    ConfigError::new(name, message)
}

/// The nearest of the known names, with its distance.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    known.map(|known| (distance(name, known), known)).min()
}

/// How many letters have to be put in, left out or changed to make one name the other (Levenshtein), whatever the
/// case. Names are cut at 100 letters, more than any property has.
fn distance(left: &str, right: &str) -> usize {
    let letters = |name: &str| name.to_ascii_lowercase().chars().take(100).collect::<Vec<_>>();
    let (left, right) = (letters(left), letters(right));
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut corner = above[0];
        above[0] = row + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = corner + usize::from(letter != other);
            corner = above[column + 1];
            above[column + 1] = changed.min(corner + 1).min(above[column] + 1);
        }
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_two_names_counts_letters() {
        assert_eq!(distance("linger.ms", "linger.ms"), 0);
        assert_eq!(distance("lingr.mss", "linger.ms"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
