//! The examples of the documents, which are compiled and run as those of the code are.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/codec.md")]
struct Codec;
