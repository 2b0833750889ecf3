//! Which cluster this is: its name for itself, and the refusal of another cluster's answers (KIP-78, KIP-1242).
//!
//! An address can come to lead to another cluster: a name that was given away, a balancer with a wrong entry. Records
//! that went there would be lost to their readers, and sequences that the other cluster never saw would be refused by
//! it. So the first name that is told stays, for as long as the client lives.

use std::fmt;

/// The most bytes of a name that is kept. Kafka's own have 22; a longer one counts as none.
const NAME_BYTES_MAX: usize = 255;

/// The name of the cluster, once it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterName(Option<String>);

/// An answer came from another cluster than the one that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCluster {
    /// The name of the cluster that is known.
    pub known: String,
    /// The name in the answer.
    pub told: String,
}

impl ClusterName {
    /// Whether an answer with this name comes from this cluster. A name that is missing speaks against nothing.
    ///
    /// # Errors
    /// [`ForeignCluster`] for another name than the one that is known.
    pub fn check(&self, told: Option<&str>) -> Result<(), ForeignCluster> {
        match (&self.0, bounded(told)) {
            (Some(known), Some(told)) if known != told => {
                Err(ForeignCluster { known: known.clone(), told: told.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Takes the name of an answer that was checked. The first one stays.
    pub(super) fn learn(&mut self, told: Option<&str>) {
        if self.0.is_none() {
            self.0 = bounded(told).map(str::to_owned);
        }
    }

    /// The name.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

fn bounded(told: Option<&str>) -> Option<&str> {
    told.filter(|name| !name.is_empty() && name.len() <= NAME_BYTES_MAX)
}

impl fmt::Display for ForeignCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it belongs to the cluster `{}`, this producer to `{}`: check where `bootstrap.servers` and \
             `advertised.listeners` lead, and build a new producer for another cluster",
            self.told.escape_debug(),
            self.known.escape_debug(),
        )
    }
}

impl std::error::Error for ForeignCluster {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_of_the_same_length_is_another_cluster() {
        let mut name = ClusterName::default();
        assert_eq!(name.check(Some("anybody")), Ok(()));
        name.learn(Some("lkc-1"));
        assert_eq!(name.check(Some("lkc-1")), Ok(()));
        assert_eq!(name.check(None), Ok(()));
        assert!(name.check(Some("lkc-2")).is_err());
    }
}
