//! The brokers' side: they append the batches of requests to their logs, reject them, or close the connection.

use milena_codec::ErrorCode;

use super::{MAX, SenderHarness, batches};
use crate::broker_sender::tests::bodies::response;
use crate::broker_sender::{Input, ProduceRequest};
use crate::ids::ProduceVersion;

impl SenderHarness {
    /// A broker appends what a request carries, and answers; `max` is its `max.message.bytes`.
    pub(crate) fn serve(&mut self, request: &ProduceRequest, max: usize) -> Vec<u8> {
        let responses = batches(request)
            .into_iter()
            .map(|(partition, bytes)| {
                let index = usize::try_from(partition).unwrap();
                let (code, offset) = self.logs[index].append(&bytes, max);
                (partition, code, offset)
            })
            .collect::<Vec<_>>();
        response(request.version(), self.topic_id, &responses)
    }

    /// A broker appends what a request carries, and its answer comes.
    pub(crate) fn served(&mut self, broker: i32, request: ProduceRequest) {
        let body = self.serve(&request, MAX);
        self.answered(broker, request, &body);
    }

    pub(crate) fn answered(&mut self, broker: i32, request: ProduceRequest, body: &[u8]) {
        let now = self.now;
        self.broker(broker).handle(now, Input::Response { request, body }).unwrap();
        self.obey();
    }

    /// The broker refuses everything with `code`.
    pub(crate) fn refuse(&mut self, broker: i32, request: ProduceRequest, code: ErrorCode) {
        let responses: Vec<_> =
            batches(&request).iter().map(|(partition, _)| (*partition, code, -1)).collect();
        let body = response(request.version(), self.topic_id, &responses);
        self.answered(broker, request, &body);
    }

    /// The connection ended, and there is another one.
    pub(crate) fn ended(&mut self, broker: i32, requests: Vec<(ProduceRequest, bool)>) {
        self.lost(broker, requests, false);
    }

    /// The broker took too long, and there is another connection.
    pub(crate) fn timed_out(&mut self, broker: i32, requests: Vec<(ProduceRequest, bool)>) {
        self.lost(broker, requests, true);
    }

    fn lost(&mut self, broker: i32, requests: Vec<(ProduceRequest, bool)>, timed_out: bool) {
        let version = self.version;
        self.hand_in(broker, Input::Disconnected { requests, timed_out });
        self.hand_in(broker, Input::Connected(ProduceVersion(version)));
        self.obey();
    }
}
