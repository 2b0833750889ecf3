//! A lasting failure is logged once for each step at which it stops, and once more when it is over.

use milena_connection::transport::Step;

/// The step that the log has; none while there is no failure.
#[derive(Debug, Default)]
pub(super) struct LogOnce(Option<Step>);

impl LogOnce {
    /// Notes a failure. Returns whether the log does not have it yet: the last failure was at another step.
    pub(super) fn is_new(&mut self, step: Step) -> bool {
        self.0.replace(step) != Some(step)
    }

    /// Notes that the failure is over. Returns whether the log has one.
    pub(super) const fn is_over(&mut self) -> bool {
        self.0.take().is_some()
    }
}
