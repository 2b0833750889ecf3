//! What the end-to-end tests share.

mod documents;
