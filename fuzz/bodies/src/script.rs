//! An input read as a script: numbers and bytes, one after the other, until it ends.

use std::borrow::Cow;

/// The rest of the input.
pub(crate) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// The next deed; none at the end.
    pub(crate) const fn deed(&mut self) -> Option<u8> {
        let Some((first, rest)) = self.rest.split_first() else { return None };
        self.rest = rest;
        Some(*first)
    }

    /// The next byte; zeros at the end, as for everything else.
    pub(crate) fn byte(&mut self) -> u8 {
        self.deed().unwrap_or_default()
    }

    /// The next bytes as they are.
    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.array())
    }

    /// Some bytes, behind their length: few as a rule, seldom up to 4 095 times the same one.
    pub(crate) fn bytes(&mut self) -> Cow<'a, [u8]> {
        match self.byte() {
            255 => vec![self.byte(); usize::from(self.u16() >> 4)].into(),
            length => {
                let (taken, rest) = self.rest.split_at(self.rest.len().min(length.into()));
                self.rest = rest;
                taken.into()
            }
        }
    }

    /// Some bytes, or a null.
    pub(crate) fn nullable(&mut self) -> Option<Cow<'a, [u8]>> {
        (!self.byte().is_multiple_of(4)).then(|| self.bytes())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.rest
    }
}
