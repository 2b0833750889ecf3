//! Brings the jars of Apache Kafka into the target folder: by Maven, once, whole or not at all.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::{fail, target_folder};

/// The release that stands for the others.
const VERSION: &str = "4.3.1";
const POM: &str = include_str!("../../kafka/pom.xml");

/// What `java -cp` takes to run a broker or a tool.
pub(super) fn class_path() -> &'static str {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    CLASS_PATH.get_or_init(bring).as_ref().unwrap_or_else(|error| fail(error))
}

fn bring() -> Result<String, String> {
    succeed(Command::new("java").arg("-version"), "Java 17 or later")?;
    let folder = target_folder().join(format!("kafka-{VERSION}"));
    // The jars of another POM are of no use.
    if fs::read_to_string(folder.join("pom.xml")).ok().as_deref() != Some(POM) {
        let _ = fs::remove_dir_all(&folder);
        download(&folder)?;
    }
    Ok(format!("{}/libs/*", folder.display()))
}

/// Into a folder that gets its name when everything is in it.
fn download(folder: &Path) -> Result<(), String> {
    let partial = target_folder().join(format!("kafka-{VERSION}-{}.partial", std::process::id()));
    let filled = fill(&partial).and_then(|()| match fs::rename(&partial, folder) {
        // Another process was first.
        Err(_) if folder.exists() => Ok(()),
        renamed => renamed.map_err(|error| format!("{}: {error}", folder.display())),
    });
    // Nothing is there any more if all went well.
    let _ = fs::remove_dir_all(&partial);
    filled
}

fn fill(folder: &Path) -> Result<(), String> {
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("pom.xml"), POM));
    written.map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut maven = Command::new("mvn");
    maven
        .args(["-q", "-B", "dependency:copy-dependencies"])
        .arg(format!("-Dkafka.version={VERSION}"))
        .arg(format!("-DoutputDirectory={}", folder.join("libs").display()))
        .current_dir(folder);
    succeed(&mut maven, "Maven, with Maven Central within its reach")
}

fn succeed(command: &mut Command, needed: &str) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| {
        format!("the tests on a real Kafka need {needed}: `{program}` cannot be run: {error}")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!(
        "the tests on a real Kafka need {needed}: `{program}` failed: {}",
        String::from_utf8_lossy(&said)
    ))
}
