//! Writes the seeds into `fuzz/corpus`: `cargo run -p milena-fuzz-bodies --example seeds`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (target, name, input) in milena_fuzz_bodies::seeds::seeds() {
        fs::create_dir_all(corpus.join(target))?;
        fs::write(corpus.join(target).join(name), input)?;
    }
    Ok(())
}
