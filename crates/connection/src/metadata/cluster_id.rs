//! The cluster id (KIP-78), and the rejection of responses of another cluster.
//!
//! An address can come to lead to another cluster: a DNS name that was reassigned, a load balancer with a wrong entry.
//! Records that went there would be lost to their consumers, and that cluster would reject the producer's sequence
//! numbers. So the first cluster id that a broker returns stays for the life of the client, also after a rebootstrap;
//! KIP-1242 rebootstraps into the other cluster instead.

use std::fmt;

/// The maximum length of a cluster id. Kafka's own have 22 bytes; a longer one counts as absent.
const CLUSTER_ID_BYTES_MAX: usize = 255;

/// The id of the cluster, once a broker returned one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterId(Option<String>);

/// A response has another cluster id than the known one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCluster {
    /// The known cluster id.
    pub known: String,
    /// The cluster id of the response.
    pub received: String,
}

impl ClusterId {
    /// Compares the cluster id of a response with the known one. An absent id, on either side, is no mismatch.
    ///
    /// # Errors
    /// [`ForeignCluster`] if both are present and differ.
    pub fn check(&self, received: Option<&str>) -> Result<(), ForeignCluster> {
        match (&self.0, bounded(received)) {
            (Some(known), Some(received)) if known != received => {
                Err(ForeignCluster { known: known.clone(), received: received.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Stores the cluster id of a response that passed [`check`](Self::check). The first one stays.
    pub(super) fn learn(&mut self, received: Option<&str>) {
        if self.0.is_none() {
            self.0 = bounded(received).map(str::to_owned);
        }
    }

    /// The cluster id; none before a broker returned one.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

fn bounded(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !id.is_empty() && id.len() <= CLUSTER_ID_BYTES_MAX)
}

impl fmt::Display for ForeignCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "metadata: cluster id mismatch: the broker belongs to cluster `{}`, this producer to `{}`: check where \
             `bootstrap.servers` and `advertised.listeners` lead, and build a new producer for another cluster",
            self.received.escape_debug(),
            self.known.escape_debug(),
        )
    }
}

impl std::error::Error for ForeignCluster {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_id_of_the_same_length_is_compared_in_full() {
        let mut id = ClusterId::default();
        assert_eq!(id.check(Some("lkc-9")), Ok(()));
        id.learn(Some("lkc-1"));
        assert_eq!(id.check(Some("lkc-1")), Ok(()));
        assert_eq!(id.check(None), Ok(()));
        assert!(id.check(Some("lkc-2")).is_err());
    }
}
