//! Wrong settings, alone and mixed: each is refused before a connection is opened, with the line, the property and the value
//! as they were written, the rule, and the remedy.
//!
//! `bad_input.txt` has a block for each: the file, and behind `=` the error.

use milena::{ConnectErrorKind, ProducerBuilder};

const ROWS: &str = include_str!("bad_input.txt");

/// A file that is refused, and the error.
struct Row {
    text: String,
    error: String,
}

#[test]
fn wrong_settings_are_refused_by_validate_with_line_property_value_and_remedy() {
    assert!(rows().len() >= 80, "{} rows", rows().len());
    for row in rows() {
        let read = ProducerBuilder::default().properties(&row.text).and_then(ProducerBuilder::validate);
        let error = read.map(|_| "nothing").expect_err(&row.text);
        assert_eq!(error.to_string(), row.error);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        for fault in error.faults() {
            let shown = format!("`{}`", fault.property());
            assert!(fault.message().contains(&shown) || fault.property() == "[hidden]", "{fault}");
        }
    }
}

#[tokio::test]
async fn wrong_settings_are_refused_by_build_with_the_same_error() {
    for row in rows() {
        let Ok(builder) = ProducerBuilder::default().properties(&row.text) else { continue };
        let error = builder.build().await.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ConnectErrorKind::Config, row.error));
    }
}

fn rows() -> Vec<Row> {
    let text = ROWS.replace("CERTS", &crate::certificates());
    text.split("\n\n").filter(|block| !block.starts_with('#')).map(row).collect()
}

fn row(block: &str) -> Row {
    let (text, error) = block.split_once("\n= ").unwrap_or_else(|| panic!("{block}: no error"));
    Row { text: text.to_owned(), error: error.trim_end().to_owned() }
}
