//! What may be overwritten: what this machine has put there or taken over, and nothing else.

use costmap::Revision;

/// What to do with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is what is wanted already.
    Adopt,
    /// Put ours there, on the condition that what is there did not change since it was read.
    Write,
    /// Another machine's map is there.
    Leave(Revision),
}

/// `there` is what is there now, `last` what this machine has put there or found right, `may_replace` the other machine's
/// map that a person has seen and wants replaced.
pub(super) fn step(
    there: Option<Revision>,
    wanted: Revision,
    last: Option<Revision>,
    may_replace: Option<Revision>,
) -> Step {
    match there {
        None => Step::Write,
        Some(there) if there == wanted => Step::Adopt,
        Some(there) if last == Some(there) || may_replace == Some(there) => Step::Write,
        Some(there) => Step::Leave(there),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_machine_knows_as_its_own_is_overwritten() {
        let [one, two, three] = [b"1", b"2", b"3"].map(|bytes| Revision::of(bytes));
        assert_eq!(step(None, one, None, None), Step::Write, "nothing is there");
        assert_eq!(step(None, two, Some(one), None), Step::Write, "somebody removed it");
        assert_eq!(step(Some(one), one, None, None), Step::Adopt, "the other machine was quicker");
        assert_eq!(step(Some(one), two, Some(one), None), Step::Write);
        assert_eq!(step(Some(three), two, Some(one), None), Step::Leave(three), "a newer one of another machine");
        assert_eq!(step(Some(one), two, None, None), Step::Leave(one), "whatever was there before the first time");
        assert_eq!(step(Some(three), two, Some(one), Some(three)), Step::Write, "a person has seen it");
        assert_eq!(step(Some(one), two, None, Some(three)), Step::Leave(one), "but not this one");
    }
}
