//! Properties behind the prefix under which another program writes them: `producer.linger.ms`, `spring.kafka.acks`.
//!
//! Java's producer does not know such a name: its tools pass the line over with a warning, and the setting is lost.

use super::Foreign;
use crate::config::settings::{PROPERTIES, Property};

/// Splits a name behind one of its dots, if the rest is the name of a property. Of several splits the shortest prefix counts.
pub(super) fn of(name: &str) -> Option<Foreign> {
    let splits = name.match_indices('.').map(|(dot, _)| name.split_at(dot + 1));
    splits.filter(|(prefix, _)| !is_part_of_a_name(prefix)).find_map(|(prefix, rest)| {
        // Spring writes `bootstrap-servers`.
        let dotted = rest.replace('-', ".");
        let property = PROPERTIES.iter().flat_map(Property::names).find(|known| **known == dotted)?;
        Some(Foreign::Prefix { prefix: prefix.to_owned(), property })
    })
}

/// Whether names of properties begin so: what stands behind it is a typo, not a property.
fn is_part_of_a_name(prefix: &str) -> bool {
    const GROUPS: [&str; 4] = ["ssl.", "sasl.", "metadata.", "compression."];
    GROUPS.contains(&prefix)
}
