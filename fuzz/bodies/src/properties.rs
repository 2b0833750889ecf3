//! Properties files, as Java's tools take them.

use milena::ProducerBuilder;

/// The input is the file.
pub fn properties(input: &[u8]) {
    let read = ProducerBuilder::default().properties(input);
    let checked = read.and_then(ProducerBuilder::validate);
    if let Err(error) = checked {
        let said = error.to_string();
        assert!(!said.contains(char::is_control), "{said:?} would spoil a log line");
        assert!(!error.message().is_empty());
    }
}
