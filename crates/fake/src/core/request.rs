//! From a frame to a request. Our own bounded decoder reads every frame first and lets pass what is well-formed;
//! then kafka-protocol reads it anew, and its reading is what is served.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::Decodable;
use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message as ours;
use milena_codec::message::header::RequestHeader;
use milena_codec::message::{ApiKey, Message, Version};
use milena_codec::wire::Reader;

use super::batch::Batch;
use super::rejection::Rejection;
use super::sasl::SaslBytes;
use super::state::State;

/// A request with its header.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) head: Head,
    pub(crate) body: Body,
    /// Bytes behind the end of the message, which a broker passes over.
    pub(crate) left_over: usize,
}

/// The header of a request.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: Option<String>,
    pub(crate) frame: Bytes,
}

#[derive(Debug)]
pub(crate) enum Body {
    ApiVersions(theirs::ApiVersionsRequest),
    /// ApiVersions in an unknown version, which gets a response all the same (KIP-511).
    UnknownApiVersions,
    CreateTopics(theirs::CreateTopicsRequest),
    DescribeCluster(theirs::DescribeClusterRequest),
    DescribeConfigs(theirs::DescribeConfigsRequest),
    DescribeQuorum(theirs::DescribeQuorumRequest),
    Fetch(theirs::FetchRequest),
    GetTelemetrySubscriptions(theirs::GetTelemetrySubscriptionsRequest),
    InitProducerId(theirs::InitProducerIdRequest),
    ListOffsets(theirs::ListOffsetsRequest),
    Metadata(theirs::MetadataRequest),
    Produce(Produce),
    PushTelemetry(theirs::PushTelemetryRequest),
    SaslAuthenticate(SaslBytes),
    /// A step of an exchange that goes on without Kafka's headers.
    SaslBare(SaslBytes),
    SaslHandshake {
        mechanism: String,
    },
}

/// A Produce request, its batches found and their CRCs taken.
#[derive(Debug)]
pub(crate) struct Produce {
    pub(crate) transactional: bool,
    pub(crate) acks: i16,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) topic: TopicRef,
    pub(crate) partition: PartitionId,
    pub(crate) batch: Result<Batch, Rejection>,
}

/// How a request names a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TopicRef {
    Name(String),
    Id(TopicId),
}

/// The reason why a frame is no request; the broker closes the connection.
pub(crate) type Malformed = String;

impl Call {
    /// Reads a frame. `skips_cross_check` leaves Produce to our own reader alone, which copies nothing.
    pub(crate) fn read(frame: Bytes, skips_cross_check: bool) -> Result<Self, Malformed> {
        let mut input = Reader::shared(&frame);
        let header =
            RequestHeader::read(&mut input).map_err(|error| format!("no request header: {error}"))?;
        let RequestHeader { key, version, correlation_id, client_id } = header;
        let client_id = client_id.map(str::to_owned);
        let head = Head { api: key, version, correlation_id, client_id, frame: frame.clone() };
        let body = match key {
            ApiKey::PRODUCE if skips_cross_check => {
                Body::Produce(Produce::of(bounded(&mut input, version)?, version))
            }
            ApiKey::PRODUCE => {
                let request = checked::<ours::ProduceRequest, theirs::ProduceRequest>(&mut input, version)?;
                Body::Produce(Produce::of_theirs(request, version))
            }
            ApiKey::FETCH => Body::Fetch(checked::<ours::FetchRequest, _>(&mut input, version)?),
            ApiKey::LIST_OFFSETS => {
                Body::ListOffsets(checked::<ours::ListOffsetsRequest, _>(&mut input, version)?)
            }
            ApiKey::METADATA => Body::Metadata(checked::<ours::MetadataRequest, _>(&mut input, version)?),
            ApiKey::API_VERSIONS if !ours::ApiVersionsRequest::VERSIONS.contains(&version) => {
                Body::UnknownApiVersions
            }
            ApiKey::API_VERSIONS => {
                Body::ApiVersions(checked::<ours::ApiVersionsRequest, _>(&mut input, version)?)
            }
            ApiKey::CREATE_TOPICS => {
                Body::CreateTopics(checked::<ours::CreateTopicsRequest, _>(&mut input, version)?)
            }
            ApiKey::DESCRIBE_CLUSTER => {
                Body::DescribeCluster(checked::<ours::DescribeClusterRequest, _>(&mut input, version)?)
            }
            ApiKey::DESCRIBE_CONFIGS => {
                Body::DescribeConfigs(checked::<ours::DescribeConfigsRequest, _>(&mut input, version)?)
            }
            ApiKey::DESCRIBE_QUORUM => {
                Body::DescribeQuorum(checked::<ours::DescribeQuorumRequest, _>(&mut input, version)?)
            }
            ApiKey::INIT_PRODUCER_ID => {
                Body::InitProducerId(checked::<ours::InitProducerIdRequest, _>(&mut input, version)?)
            }
            ApiKey::SASL_HANDSHAKE => {
                let request: theirs::SaslHandshakeRequest =
                    checked::<ours::SaslHandshakeRequest, _>(&mut input, version)?;
                Body::SaslHandshake { mechanism: request.mechanism.to_string() }
            }
            ApiKey::SASL_AUTHENTICATE => {
                let request: theirs::SaslAuthenticateRequest =
                    checked::<ours::SaslAuthenticateRequest, _>(&mut input, version)?;
                Body::SaslAuthenticate(SaslBytes(request.auth_bytes))
            }
            ApiKey::GET_TELEMETRY_SUBSCRIPTIONS => {
                Body::GetTelemetrySubscriptions(checked::<ours::GetTelemetrySubscriptionsRequest, _>(
                    &mut input, version,
                )?)
            }
            ApiKey::PUSH_TELEMETRY => {
                Body::PushTelemetry(checked::<ours::PushTelemetryRequest, _>(&mut input, version)?)
            }
            other => return Err(format!("{other} is none that this cluster serves")),
        };
        let left_over = if matches!(body, Body::UnknownApiVersions) { 0 } else { input.left() };
        Ok(Self { head, body, left_over })
    }

    /// A frame with the bytes of a SASL mechanism alone, as after a SaslHandshake v0.
    pub(crate) fn bare(frame: Bytes) -> Self {
        let head = Head {
            api: ApiKey::SASL_AUTHENTICATE,
            version: 0,
            correlation_id: 0,
            client_id: None,
            frame: frame.clone(),
        };
        Self { head, body: Body::SaslBare(SaslBytes(frame)), left_over: 0 }
    }
}

/// Reads a message from what is left of a frame by our own decoder.
fn bounded<M: Message>(input: &mut Reader<'_>, version: i16) -> Result<M, Malformed> {
    let refused = |error| format!("no {} of version {version}: {error}", M::NAME);
    let form = Version::of::<M>(version);
    if form.flexible {
        RequestHeader::read_tags(input).map_err(refused)?;
    }
    M::decode(input, form).map_err(refused)
}

/// Reads a message twice: by our own decoder, which bounds it, and by kafka-protocol, which has to come to the same end.
fn checked<M: Message, T: Decodable>(input: &mut Reader<'_>, version: i16) -> Result<T, Malformed> {
    let mut again = input.clone();
    bounded::<M>(input, version)?;
    let refused = |error| format!("kafka-protocol reads no {} of version {version}: {error}", M::NAME);
    if Version::of::<M>(version).flexible {
        RequestHeader::read_tags(&mut again).map_err(|error| error.to_string())?;
    }
    let mut rest = again.take_bytes(again.left()).map_err(|error| error.to_string())?;
    let message = T::decode(&mut rest, version).map_err(refused)?;
    match rest.len() == input.left() {
        true => Ok(message),
        false => {
            Err(format!("kafka-protocol leaves {} bytes of {}, we {}", rest.len(), M::NAME, input.left()))
        }
    }
}

impl Produce {
    fn of(request: ours::ProduceRequest, version: i16) -> Self {
        let entries = request.topic_data.into_iter().flat_map(|topic| {
            let named = TopicRef::of(&topic.name, topic.topic_id, version);
            let partitions = topic.partition_data.into_iter();
            partitions.map(move |one| Entry::of(&named, one.index, one.records.as_ref(), version))
        });
        Self {
            transactional: request.transactional_id.is_some(),
            acks: request.acks,
            entries: entries.collect(),
        }
    }

    fn of_theirs(request: theirs::ProduceRequest, version: i16) -> Self {
        let entries = request.topic_data.into_iter().flat_map(|topic| {
            let named = TopicRef::of(&topic.name, TopicId(topic.topic_id.into_bytes()), version);
            let partitions = topic.partition_data.into_iter();
            partitions
                .map(move |one| Entry::of(&named, PartitionId(one.index), one.records.as_ref(), version))
        });
        Self {
            transactional: request.transactional_id.is_some(),
            acks: request.acks,
            entries: entries.collect(),
        }
    }
}

impl Entry {
    fn of(topic: &TopicRef, partition: PartitionId, records: Option<&Bytes>, version: i16) -> Self {
        Self { topic: topic.clone(), partition, batch: Batch::find(records, version) }
    }
}

impl TopicRef {
    fn of(name: &str, id: TopicId, version: i16) -> Self {
        match version >= ours::produce::TOPIC_IDS_SINCE {
            true => Self::Id(id),
            false => Self::Name(name.to_owned()),
        }
    }

    /// The topic's name; none for an id without a topic.
    pub(crate) fn name<'a>(&'a self, state: &'a State) -> Option<&'a str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Id(id) => state.topic_of_id(*id),
        }
    }
}
