//! The settings of a topic or a broker, by DescribeConfigs, or the reason for which they are unknown.

use std::collections::BTreeMap;

use milena_codec::ErrorCode;
use milena_codec::ids::ResourceType;
use milena_codec::message::{DescribeConfigsRequest, DescribeConfigsResource};

use super::client::Client;
use super::remedy::split;

/// The requested settings by name. Values that are hidden are missing.
#[derive(Debug, Default)]
pub(super) struct Described(BTreeMap<&'static str, String>);

impl Described {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    #[cfg(test)]
    pub(super) fn of(settings: &[(&'static str, &str)]) -> Self {
        Self(settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }
}

/// The reason for which settings are unknown.
#[derive(Debug)]
pub(super) enum Undescribed {
    /// The permission is missing.
    Denied,
    /// The server has no version of DescribeConfigs in common.
    NoVersion,
    /// Another error.
    Failed(String),
}

impl Undescribed {
    /// The text of the finding.
    pub(super) fn text(&self, settings: &str) -> String {
        match self {
            Self::Denied => format!("the broker does not describe {settings} to this user"),
            Self::NoVersion => {
                format!("the broker describes {settings} in no version of DescribeConfigs in common")
            }
            Self::Failed(error) => format!("{settings} are unknown: {}", split(error).0),
        }
    }

    /// The remedy.
    pub(super) fn remedy(&self, permission: &str) -> String {
        match self {
            Self::Denied => format!("allow {permission} to have this checked"),
            Self::NoVersion => "use brokers of Kafka 2.1 or newer".to_owned(),
            Self::Failed(error) => {
                split(error).1.unwrap_or("check again; see the log of the broker").to_owned()
            }
        }
    }
}

/// Requests settings. Other settings than the requested ones are dropped.
pub(super) async fn describe(
    client: &mut Client<'_>,
    resource_type: ResourceType,
    name: &str,
    keys: &'static [&'static str],
) -> Result<Described, Undescribed> {
    if client.version::<DescribeConfigsRequest>().is_none() {
        return Err(Undescribed::NoVersion);
    }
    let resource = DescribeConfigsResource {
        resource_type,
        resource_name: name.to_owned(),
        configuration_keys: Some(keys.iter().map(|key| (*key).to_owned()).collect()),
    };
    let request = DescribeConfigsRequest { resources: vec![resource], ..DescribeConfigsRequest::default() };
    let response = client.call(&request).await.map_err(|error| Undescribed::Failed(error.to_string()))?;
    let is_it = |result: &_| {
        let result: &milena_codec::message::DescribeConfigsResult = result;
        result.resource_type == resource_type && result.resource_name == name
    };
    let Some(result) = response.results.into_iter().find(is_it) else {
        return Err(Undescribed::Failed("the response does not describe it".to_owned()));
    };
    match result.error_code {
        ErrorCode::NONE => {}
        ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::CLUSTER_AUTHORIZATION_FAILED => {
            return Err(Undescribed::Denied);
        }
        code => return Err(Undescribed::Failed(format!("the broker returned {code}"))),
    }
    let mut found = BTreeMap::new();
    for config in result.configs {
        if let (Some(key), Some(value)) = (keys.iter().find(|key| **key == config.name), config.value) {
            found.insert(*key, value);
        }
    }
    Ok(Described(found))
}
