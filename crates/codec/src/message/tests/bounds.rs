//! What a hostile or broken peer may write is refused, with the place and the reason.

use crate::ErrorCode;
use crate::message::{
    ApiVersionsResponse, InitProducerIdResponse, Message, MetadataRequest, MetadataRequestTopic,
    MetadataResponse, ProduceResponse, Version,
};
use crate::wire::{DecodeError, EncodeError, Problem};

fn check<M: Message + std::fmt::Debug>(bytes: &[u8], version: i16, at: usize, problem: Problem) {
    let error = M::decode_exact(bytes, Version::of::<M>(version)).unwrap_err();
    assert_eq!(error, DecodeError { at, problem });
}

#[test]
fn a_count_is_checked_against_the_bytes_that_are_left() {
    let count = [0, 0, 0x7f, 0xff, 0xff, 0xff];
    let limit = 0;
    check::<ApiVersionsResponse>(&count, 0, 6, Problem::TooMany { count: 0x7fff_ffff, limit });
    // Two entries of six bytes would fit in twelve.
    let mut thirteen = vec![0, 0, 0, 0, 0, 3];
    thirteen.extend([0; 12]);
    check::<ApiVersionsResponse>(&thirteen, 0, 6, Problem::TooMany { count: 3, limit: 2 });
}

#[test]
fn a_compact_count_is_checked_too() {
    let bytes = [0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f];
    check::<ApiVersionsResponse>(&bytes, 3, 7, Problem::TooMany { count: 0xffff_fffe, limit: 0 });
}

#[test]
fn a_negative_count_that_is_no_null_is_refused() {
    check::<ApiVersionsResponse>(&[0, 0, 0xff, 0xff, 0xff, 0xfe], 0, 2, Problem::NegativeLength(-2));
}

#[test]
fn a_null_is_refused_where_the_version_has_none() {
    check::<ApiVersionsResponse>(&[0, 0, 0xff, 0xff, 0xff, 0xff], 0, 2, Problem::UnexpectedNull);
    check::<MetadataRequest>(&[0xff, 0xff, 0xff, 0xff], 0, 0, Problem::UnexpectedNull);
}

#[test]
fn a_varint_without_an_end_is_refused() {
    check::<MetadataResponse>(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 9, 4, Problem::VarintTooLong);
}

#[test]
fn a_string_that_is_not_utf_8_is_refused() {
    let bytes = [0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0xff, 0xfe, 0, 0, 0, 0, 0, 0];
    check::<MetadataResponse>(&bytes, 0, 10, Problem::NotUtf8);
}

#[test]
fn tagged_fields_ascend() {
    // throttle 0, error 0, id 0, epoch 0, then two empty fields of tag 5.
    let mut bytes = vec![0; 4 + 2 + 8 + 2];
    bytes.extend([2, 5, 0, 5, 0]);
    check::<InitProducerIdResponse>(&bytes, 2, 20, Problem::TagOrder { tag: 5 });
}

#[test]
fn unknown_tagged_fields_are_passed_over() {
    let mut bytes = vec![0; 4 + 2 + 8 + 2];
    bytes.extend([1, 77, 3, 1, 2, 3]);
    let response =
        InitProducerIdResponse::decode_exact(&bytes, Version::of::<InitProducerIdResponse>(2)).unwrap();
    assert_eq!(response.error_code, ErrorCode::NONE);
}

#[test]
fn a_known_tagged_field_that_is_longer_than_its_content_is_refused() {
    // error 0, no keys, throttle 0, then tag 1 (an i64) with nine bytes.
    let mut bytes = vec![0, 0, 1, 0, 0, 0, 0, 1, 1, 9];
    bytes.extend([0; 9]);
    check::<ApiVersionsResponse>(&bytes, 3, 18, Problem::Trailing { left: 1 });
}

#[test]
fn bytes_after_the_message_are_refused() {
    check::<ProduceResponse>(&[0, 0, 0, 0, 0, 0, 0, 0, 9], 3, 8, Problem::Trailing { left: 1 });
}

#[test]
fn a_version_that_does_not_exist_is_refused_in_both_directions() {
    check::<ProduceResponse>(&[], 14, 0, Problem::UnknownVersion(14));
    let error = MetadataRequest::default().encode(&mut Vec::new(), Version { number: 14, flexible: true });
    assert_eq!(error, Err(EncodeError::UnknownVersion { message: "MetadataRequest", version: 14 }));
}

#[test]
fn field_outside_its_versions_is_an_encode_error() {
    let no_creation = MetadataRequest { allow_auto_topic_creation: false, ..MetadataRequest::default() };
    let error = no_creation.encode(&mut Vec::new(), Version::of::<MetadataRequest>(3));
    assert_eq!(error, Err(EncodeError::NotInVersion { field: "allow_auto_topic_creation", version: 3 }));

    let all_topics = MetadataRequest { topics: None, ..MetadataRequest::default() };
    let error = all_topics.encode(&mut Vec::new(), Version::of::<MetadataRequest>(0));
    assert_eq!(error, Err(EncodeError::NullNotAllowed { field: "topics", version: 0 }));

    let long = MetadataRequestTopic::named(&"x".repeat(40_000));
    let long = MetadataRequest { topics: Some(vec![long]), ..MetadataRequest::default() };
    let error = long.encode(&mut Vec::new(), Version::of::<MetadataRequest>(9));
    assert_eq!(error, Err(EncodeError::TooLong { length: 40_000, limit: 32_767 }));
}
