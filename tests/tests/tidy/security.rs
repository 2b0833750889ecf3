//! Every property of security is in `docs/configuration.md`: what is taken, refused, or without effect.

use milena::config::PROPERTIES;

use super::tree::root;

/// The names that a text does not have, neither in full nor by what stands behind one of its dots.
fn missing<'a>(names: impl Iterator<Item = &'a str>, text: &str) -> Vec<&'a str> {
    let ends =
        |name: &str| name.match_indices('.').any(|(dot, _)| text.contains(&format!("`{}`", &name[dot..])));
    names.filter(|name| !text.contains(name) && !ends(name)).collect()
}

#[test]
fn every_property_of_security_has_its_answer_in_the_documents() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let families =
        ["ssl.", "sasl.", "Net.TLS", "Net.SASL", "security.", "danger.", "https.", "config.providers"];
    let names = PROPERTIES.iter().flat_map(|row| std::iter::once(row.name).chain(row.also.iter().copied()));
    let secure = names.filter(|name| families.iter().any(|family| name.starts_with(family)));
    assert_eq!(missing(secure, &text), Vec::<&str>::new());
}

#[test]
fn a_property_that_is_not_told_of_is_caught() {
    let text = "`a.b.c`, `.d`";
    assert_eq!(missing(["a.b.c", "a.b.d", "a.b.e"].into_iter(), text), ["a.b.e"]);
}
