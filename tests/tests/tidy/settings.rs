//! The tables of `docs/configuration.md` are those of the settings table. Each stands between the lines
//! `<!-- settings: NAME -->` and `<!-- end of settings -->`; `UPDATE_DOCS=1 cargo test -p milena-tests --test tidy settings`
//! writes them.

use milena::config::{PROPERTIES, Property, Support};

use super::tree::root;

const END: &str = "<!-- end of settings -->\n";

#[test]
fn tables_of_the_documents_are_those_of_the_settings_table() {
    let path = root().join("docs/configuration.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let updated = with_tables(&text);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, updated).unwrap();
        return;
    }
    let changed = updated.lines().find(|line| !text.lines().any(|old| old == *line));
    assert!(text == updated, "UPDATE_DOCS=1 writes docs/configuration.md; a new line: {changed:?}");
}

#[test]
fn every_property_is_in_one_table() {
    for row in PROPERTIES {
        let tables = TABLES.iter().filter(|(_, is_in, _)| is_in(row)).count();
        assert_eq!(tables, 1, "{}", row.name);
    }
}

#[test]
fn a_table_that_differs_is_replaced() {
    let text = format!("a\n<!-- settings: refused -->\nold\n{END}b\n");
    let updated = with_tables(&text);
    assert!(updated.starts_with("a\n<!-- settings: refused -->\n| property "), "{updated}");
    assert!(updated.contains("| `transactional.id`, `Producer.Transaction.ID` |"), "{updated}");
    assert!(updated.ends_with(&format!("|\n{END}b\n")) && !updated.contains("old"), "{updated}");
}

/// The text with every table rendered from the settings table.
fn with_tables(text: &str) -> String {
    let mut updated = text.to_owned();
    for (name, is_in, columns) in TABLES {
        let begin = format!("<!-- settings: {name} -->\n");
        let Some((before, rest)) = updated.split_once(&begin) else { continue };
        let (_, after) = rest.split_once(END).expect("a table has an end");
        let rows: String = PROPERTIES.iter().filter(|row| is_in(row)).map(|row| line(columns, row)).collect();
        let head: String = columns.iter().map(|(title, _)| format!("| {title} ")).collect();
        let rule = "|---".repeat(columns.len());
        updated = format!("{before}{begin}{head}|\n{rule}|\n{rows}{END}{after}");
    }
    updated
}

type Column = (&'static str, fn(&Property) -> String);
type Table = (&'static str, fn(&Property) -> bool, &'static [Column]);

const TABLES: [Table; 5] = [
    ("producer", |row| is_full(row) && !is_compression(row) && !is_security(row), &COLUMNS),
    ("compression", |row| is_compression(row), &COLUMNS),
    ("security", |row| is_full(row) && is_security(row), &COLUMNS),
    (
        "refused",
        |row| matches!(row.support(), Support::RefusedUnless(_)),
        &[("property", names), ("accepted values", accepted), ("reason", meaning)],
    ),
    (
        "without effect",
        |row| row.support() == Support::WithoutEffect && !is_compression(row),
        &[("property", names), ("reason", meaning)],
    ),
];

const COLUMNS: [Column; 5] = [
    ("property", |row| code(row.name)),
    ("other names", |row| list(row.also)),
    ("value", |row| {
        row.range().map_or_else(|| row.kind.to_owned(), |range| format!("{}, {range}", row.kind))
    }),
    ("default", |row| if row.default.is_empty() { String::new() } else { code(row.default) }),
    ("meaning", meaning),
];

fn is_full(row: &Property) -> bool {
    row.support() == Support::Full
}

fn is_compression(row: &Property) -> bool {
    row.name.starts_with("compression")
}

fn is_security(row: &Property) -> bool {
    let families =
        ["ssl.", "sasl.", "Net.TLS.", "Net.SASL.", "security.", "danger.", "https.", "enable.sasl."];
    families.iter().any(|family| row.name.starts_with(family))
}

fn line(columns: &[Column], row: &Property) -> String {
    let cells: String = columns.iter().map(|(_, cell)| format!("| {} ", cell(row))).collect();
    format!("{cells}|\n")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn list(texts: &[&str]) -> String {
    texts.iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")
}

fn names(row: &Property) -> String {
    list(&row.names().collect::<Vec<_>>())
}

fn accepted(row: &Property) -> String {
    let Support::RefusedUnless(values) = row.support() else { return String::new() };
    let shown = values.iter().map(|value| if value.is_empty() { "empty".to_owned() } else { code(value) });
    shown.collect::<Vec<_>>().join(", ")
}

fn meaning(row: &Property) -> String {
    row.meaning.to_owned()
}
