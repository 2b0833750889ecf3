//! Every property with a secret in its value: as PEM text, behind a path, in a URL, and in lines of a file that the one
//! before them does not continue.

use milena::ProducerBuilder;
use milena::config::PROPERTIES;

use crate::{CLIENT_KEY, PASSWORD, Printed};

const KEY_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/client-ec-pkcs8.pem");

/// The values, each with how a `.properties` file holds it.
fn values() -> Vec<(&'static str, String)> {
    let body: String = CLIENT_KEY.lines().filter(|line| !line.starts_with("--")).collect();
    vec![
        ("PEM text", CLIENT_KEY.to_owned()),
        ("PEM text on one line", CLIENT_KEY.replace('\n', "\\n")),
        ("PEM text without its first line", body),
        ("a path to PEM text", KEY_PATH.to_owned()),
        ("a password in a URL", format!("https://me:{PASSWORD}@host:8443/token")),
        ("a password in an address", format!("me:{PASSWORD}@host:9093")),
        ("a password in a list", format!("SASL_SSL://me:{PASSWORD}@a:1,b:2")),
    ]
}

/// Values of which the second line is not continued.
fn torn() -> Vec<String> {
    vec![
        CLIENT_KEY.to_owned(),
        format!("hun\n{PASSWORD}"),
        format!("hun\n{PASSWORD} and more"),
        format!("org.apache.kafka.common.security.plain.PlainLoginModule required\n  {PASSWORD};"),
        format!("me:\n{PASSWORD}@host:9093"),
    ]
}

/// Tries all, set by name and in a file; how many there were.
pub(crate) async fn try_all(printed: &mut Printed) -> usize {
    let names = PROPERTIES.iter().flat_map(|row| [&[row.name], row.also].concat());
    let mut scenes = 0;
    for (what, value) in values() {
        for name in [value.clone(), format!("ssl.keystore.key.{value}"), format!("ssl.keystore.key={value}")]
        {
            show(printed, what, begun().and_then(|builder| builder.property(&name, "x")), false).await;
            scenes += 1;
        }
    }
    for name in names {
        for (what, value) in values() {
            let scene = format!("{name}: {what}");
            let is_file = name.contains("location") || name.contains("file");
            show(printed, &scene, begun().and_then(|builder| builder.property(name, &value)), is_file).await;
            scenes += 1;
        }
        for value in torn() {
            let text = format!("{name}={value}\nacks=all\n");
            let scene = format!("{name}: a value of several lines");
            show(printed, &scene, begun().and_then(|builder| builder.properties(&text)), false).await;
            scenes += 1;
        }
    }
    scenes
}

fn begun() -> Result<ProducerBuilder, milena::ConfigError> {
    let builder = ProducerBuilder::default().bootstrap_servers("localhost:9092");
    builder.property("security.protocol", "SASL_SSL")?.property("sasl.mechanism", "PLAIN")
}

/// Prints the settings in every form; builds a producer where files are read for that.
async fn show(
    printed: &mut Printed,
    scene: &str,
    builder: Result<ProducerBuilder, milena::ConfigError>,
    is_file: bool,
) {
    let builder = match builder {
        Ok(builder) => builder,
        Err(error) => return printed.error(scene, &error),
    };
    printed.debug(scene, &builder);
    let credentials = || builder.clone().property("sasl.username", "me")?.property("sasl.password", "x");
    for builder in [Ok(builder.clone()), credentials()] {
        match builder.and_then(ProducerBuilder::validate) {
            Ok(config) => {
                printed.debug(scene, &config);
                printed.debug(scene, &config.properties());
            }
            Err(error) => printed.error(scene, &error),
        }
    }
    let servers_are_read = scene.starts_with("bootstrap") || scene.starts_with("metadata.broker");
    if is_file || servers_are_read || scene.starts_with("Addrs") {
        let builder = credentials().map(|builder| builder.connect_timeout(std::time::Duration::ZERO));
        if let Err(error) = builder.unwrap().build().await {
            printed.error(scene, &error);
        }
    }
}
