//! The signs by which a leader shows that it lost records that it had acknowledged: an unclean election, a disk that was
//! not written to, or a topic without an id that was created anew.
//!
//! * It rejects the sequence directly behind the last acknowledged batch of the run: its log ends before that one. A batch
//!   that was refused on every attempt alone shows it; one in doubt may be a duplicate that the leader has forgotten.
//! * It appends a batch at an offset below the end of an earlier one that was acknowledged.
//!
//! The run goes on by its rules, under the next epoch where the sequence was rejected (Java bumps the epoch as well; franz-go
//! calls it data loss).

/// A leader lost records that it had acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Offset of the last acknowledged record of this producer whose offset is known. None where the leader rejected a sequence,
    /// and the last acknowledged batch came without an offset: that batch alone may be missing.
    pub last_offset: Option<i64>,
    /// The offset below it at which the leader appended the next batch. None where it rejected the sequence of that one.
    pub appended_at: Option<i64>,
    /// Whether nothing else showed it since the leader was elected, and the connection began.
    pub is_first_sign: bool,
}

/// The end of the newest batch that was acknowledged with an offset in a log, under any identity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownEnd {
    /// None where no batch came with an offset.
    offset: Option<i64>,
    /// Whether newer batches were acknowledged without an offset: the log reaches beyond `offset`, and it is not known how far.
    reaches_beyond: bool,
    /// The last term in which records before it were found missing.
    lost_in: Option<u32>,
    /// The last term in which an offset before it was given to another batch.
    overwritten_in: Option<u32>,
}

impl KnownEnd {
    /// The leader of this term rejected the sequence behind it.
    pub(super) fn rejected(&mut self, term: u32) -> Loss {
        let last_offset = self.offset.filter(|_| !self.reaches_beyond).map(|end| end - 1);
        Loss { last_offset, appended_at: None, is_first_sign: self.is_first_sign(term) }
    }

    /// A newer batch is acknowledged; without an offset where the leader recognised a duplicate and did not return it. Returns
    /// the loss that this shows, once a term.
    pub(super) fn acknowledged(&mut self, base_offset: Option<i64>, records: u32, term: u32) -> Option<Loss> {
        self.reaches_beyond = base_offset.is_none();
        let base_offset = base_offset?;
        let before = self.offset.replace(base_offset.saturating_add(records.into()));
        let end = before.filter(|end| base_offset < *end)?;
        let is_repeated = self.overwritten_in.replace(term) == Some(term);
        (!is_repeated).then(|| Loss {
            last_offset: Some(end - 1),
            appended_at: Some(base_offset),
            is_first_sign: self.is_first_sign(term),
        })
    }

    fn is_first_sign(&mut self, term: u32) -> bool {
        self.lost_in.replace(term) != Some(term)
    }
}
