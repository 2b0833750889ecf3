//! The result of a command, on standard output: a page for people, or one JSON object.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use serde::Serialize;

use crate::exit::Failure;

/// Prints a result. A closed standard output is no failure.
pub(crate) fn print<R: Serialize + Display>(result: &R, json: bool) -> Result<(), Failure> {
    let text = match json {
        true => serde_json::to_string(result).map_err(Failure::failed)?,
        false => result.to_string(),
    };
    let written = writeln!(io::stdout().lock(), "{}", text.trim_end());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("output: cannot write the result").map_err(Failure::failed),
    }
}
