//! From the connection options to the settings of a producer.
//!
//! Flags beat `-X`, `-X` beats the file, the file beats the environment: a later source replaces an earlier one.

use milena::{Producer, ProducerBuilder, ProducerConfig};

use crate::args::ConnectionOptions;
use crate::exit::Failure;

/// Names the cluster where no option does.
pub(crate) const ENVIRONMENT: &str = "KAFKA_BOOTSTRAP_SERVERS";

impl ConnectionOptions {
    /// The settings of the options and of the environment. The flags of a command come on top.
    pub(crate) fn producer(&self) -> Result<ProducerBuilder, Failure> {
        self.over(std::env::var(ENVIRONMENT).ok())
    }

    fn over(&self, environment: Option<String>) -> Result<ProducerBuilder, Failure> {
        let mut builder = Producer::builder();
        if let Some(servers) = environment {
            builder = builder.bootstrap_servers(servers);
        }
        if let Some(file) = &self.config {
            builder = builder.properties_file(file)?;
        }
        for (name, value) in &self.properties {
            // The error has the name, unless it may be a secret.
            builder = builder.property(name, value).map_err(|error| {
                let option = format!("config: -X {}", error.property());
                Failure::usage(anyhow::Error::new(error).context(option))
            })?;
        }
        if let Some(servers) = &self.bootstrap_server {
            builder = builder.bootstrap_servers(servers);
        }
        Ok(builder)
    }
}

/// Writes the effective configuration to the log.
pub(crate) fn log(config: &ProducerConfig) {
    for (name, value) in config.properties() {
        tracing::debug!(name, value, "config: effective setting");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn options() -> ConnectionOptions {
        ConnectionOptions::default()
    }

    fn servers(options: &ConnectionOptions, environment: Option<&str>) -> String {
        let builder = options.over(environment.map(str::to_owned)).unwrap();
        let properties: HashMap<_, _> = builder.validate().unwrap().properties().into_iter().collect();
        properties["bootstrap.servers"].clone()
    }

    #[test]
    fn flag_overrides_property_overrides_file_overrides_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("client.properties");
        std::fs::write(&file, "bootstrap.servers=file:1\n").unwrap();
        let mut options = options();
        assert_eq!(servers(&options, Some("environment:1")), "environment:1");
        options.config = Some(file);
        assert_eq!(servers(&options, Some("environment:1")), "file:1");
        options.properties = vec![("bootstrap.servers".to_owned(), "property:1".to_owned())];
        assert_eq!(servers(&options, Some("environment:1")), "property:1");
        options.bootstrap_server = Some("flag:1".to_owned());
        assert_eq!(servers(&options, Some("environment:1")), "flag:1");
    }

    #[test]
    fn typo_in_a_property_name_proposes_the_nearest_name() {
        let mut options = options();
        options.properties = vec![("lingr.ms".to_owned(), "5".to_owned())];
        let failure = options.over(None).unwrap_err();
        assert_eq!(failure.exit(), crate::exit::Exit::Usage);
        assert!(format!("{failure:?}").contains("did you mean `linger.ms`?"));
    }
}
