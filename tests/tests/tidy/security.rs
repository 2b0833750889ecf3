//! Every property of security is documented in `docs/configuration.md`: as supported, rejected, or without effect.

use milena::config::PROPERTIES;

use super::tree::root;

/// The names that a text lacks, both in full and as the part from one of their dots on.
fn missing<'a>(names: impl Iterator<Item = &'a str>, text: &str) -> Vec<&'a str> {
    let ends =
        |name: &str| name.match_indices('.').any(|(dot, _)| text.contains(&format!("`{}`", &name[dot..])));
    names.filter(|name| !text.contains(name) && !ends(name)).collect()
}

#[test]
fn each_property_of_security_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let families =
        ["ssl.", "sasl.", "Net.TLS", "Net.SASL", "security.", "danger.", "https.", "config.providers"];
    let names = PROPERTIES.iter().flat_map(|row| std::iter::once(row.name).chain(row.also.iter().copied()));
    let secure = names.filter(|name| families.iter().any(|family| name.starts_with(family)));
    assert_eq!(missing(secure, &text), Vec::<&str>::new());
}

#[test]
fn undocumented_property_is_found() {
    let text = "`a.b.c`, `.d`";
    assert_eq!(missing(["a.b.c", "a.b.d", "a.b.e"].into_iter(), text), ["a.b.e"]);
}
