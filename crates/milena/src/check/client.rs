//! A connection for the requests of a check. It is opened again after a failure, so that a failed request costs no other one.

use milena_codec::message::{Message, Request};
use milena_connection::session::Versions;
use milena_connection::transport::ConnectionError;
use milena_connection::{Endpoint, RequestConnection};

use super::context::Context;

/// A connection to one server, authenticated where credentials are configured.
pub(super) struct Client<'a> {
    cx: &'a Context,
    connection: RequestConnection,
    /// As of the first connection.
    versions: Versions,
    /// Whether a request timed out: later responses would wait behind its response.
    is_silent: bool,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Context, connection: RequestConnection) -> Self {
        let versions = connection.versions().cloned().unwrap_or_default();
        Self { cx, connection, versions, is_silent: false }
    }

    /// Sends a request, and returns its response, within the time of a group of steps for each.
    pub(super) async fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, ConnectionError> {
        let endpoint = self.connection.endpoint().clone();
        if self.is_silent || !self.connection.is_usable() {
            self.connection = self.cx.open(&endpoint, true).await.1?;
            self.is_silent = false;
        }
        self.is_silent = true;
        let response = self.cx.bounded(&endpoint, self.connection.call(request)).await;
        self.is_silent = response.is_err();
        response
    }

    /// The versions that the server knows.
    pub(super) const fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The version of a request that both sides know.
    pub(super) fn version<M: Message>(&self) -> Option<i16> {
        self.versions.pick::<M>()
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        self.connection.endpoint()
    }
}
