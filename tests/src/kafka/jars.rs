//! Brings the jars of Apache Kafka into the target folder: by Maven, once, whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{fail, target_folder};

/// A release of Apache Kafka; its jars are fetched when the first test asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// 4.4, the reference.
    V4_4,
    /// 4.3, the release before.
    V4_3,
    /// 3.9, the last with ZooKeeper: brokers alone, without the tools.
    V3_9,
}

impl Release {
    /// The release of all brokers that are not about older ones, and of the tools.
    pub const REFERENCE: Self = Self::V4_4;

    /// Its version, as Maven has it.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::V4_4 => "4.4.0",
            Self::V4_3 => "4.3.1",
            Self::V3_9 => "3.9.1",
        }
    }

    const fn pom(self) -> &'static str {
        match self {
            Self::V4_4 | Self::V4_3 => include_str!("../../kafka/pom.xml"),
            Self::V3_9 => include_str!("../../kafka/3.9/pom.xml"),
        }
    }

    /// The option that has Java's log written on standard output.
    pub(super) const fn logging(self) -> &'static str {
        match self {
            Self::V4_4 | Self::V4_3 => "-Dlog4j2.level=INFO",
            Self::V3_9 => concat!(
                "-Dlog4j.configuration=file:",
                env!("CARGO_MANIFEST_DIR"),
                "/kafka/3.9/log4j.properties"
            ),
        }
    }

    /// Whether its brokers have share groups, and the settings for them.
    pub(super) const fn has_share_groups(self) -> bool {
        matches!(self, Self::V4_4 | Self::V4_3)
    }

    /// Where its jars are kept.
    pub(super) fn folder(self) -> PathBuf {
        target_folder().join(format!("kafka-{}", self.version()))
    }

    /// The argument of `java -cp` for a broker of the release, and for a tool or a class of it.
    pub(super) fn class_path(self) -> &'static str {
        static CLASS_PATHS: PerRelease<Result<String, String>> = PerRelease::new();
        CLASS_PATHS.get_or_init(self, || self.bring()).as_ref().unwrap_or_else(|error| fail(error))
    }

    fn bring(self) -> Result<String, String> {
        succeed(Command::new("java").arg("-version"), "Java 17 or later")?;
        let folder = self.folder();
        // The jars of another POM are of no use.
        if fs::read_to_string(folder.join("pom.xml")).ok().as_deref() != Some(self.pom()) {
            let _ = fs::remove_dir_all(&folder);
            self.download(&folder)?;
        }
        Ok(format!("{}/libs/*", folder.display()))
    }

    /// Into a folder that gets its name when everything is in it.
    fn download(self, folder: &Path) -> Result<(), String> {
        let partial =
            target_folder().join(format!("kafka-{}-{}.partial", self.version(), std::process::id()));
        let filled = self.fill(&partial).and_then(|()| match fs::rename(&partial, folder) {
            // Another process was first.
            Err(_) if folder.exists() => Ok(()),
            renamed => renamed.map_err(|error| format!("{}: {error}", folder.display())),
        });
        // Nothing is there any more if all went well.
        let _ = fs::remove_dir_all(&partial);
        filled
    }

    fn fill(self, folder: &Path) -> Result<(), String> {
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("pom.xml"), self.pom()));
        written.map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut maven = Command::new("mvn");
        maven
            .args(["-q", "-B", "dependency:copy-dependencies"])
            .arg(format!("-Dkafka.version={}", self.version()))
            .arg(format!("-DoutputDirectory={}", folder.join("libs").display()))
            .current_dir(folder);
        succeed(&mut maven, "Maven, with Maven Central within its reach")
    }
}

/// One value per release, initialised on first use.
#[derive(Debug)]
pub(super) struct PerRelease<T> {
    v4_4: OnceLock<T>,
    v4_3: OnceLock<T>,
    v3_9: OnceLock<T>,
}

impl<T> PerRelease<T> {
    pub(super) const fn new() -> Self {
        Self { v4_4: OnceLock::new(), v4_3: OnceLock::new(), v3_9: OnceLock::new() }
    }

    pub(super) fn get_or_init(&self, release: Release, make: impl FnOnce() -> T) -> &T {
        let value = match release {
            Release::V4_4 => &self.v4_4,
            Release::V4_3 => &self.v4_3,
            Release::V3_9 => &self.v3_9,
        };
        value.get_or_init(make)
    }
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
