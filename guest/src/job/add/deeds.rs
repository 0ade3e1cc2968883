//! What an Add has done so far, kept outside of its steps: those are dropped where a job
//! must stop, and its message still has to say how far it came.
//!
//! It must not decide anything.

use std::cell::{Cell, RefCell};

use job_scope::Alias;

/// What was done.
#[derive(Default)]
pub(super) struct Deeds {
    recovery: Cell<Recovery>,
    import: Cell<Import>,
    /// The version that was made, once that is known.
    version: RefCell<Option<String>>,
}

/// Of a deleted certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Recovery {
    #[default]
    None,
    /// Given to be sent.
    Sent,
    /// Sent, and the answer was lost.
    Lost,
    /// The vault is at it.
    Underway,
    /// It is back.
    Done,
}

/// Of the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Import {
    #[default]
    None,
    /// Given to be sent.
    Sent,
    /// Sent, and the answer was lost. It stays so, whatever is sent after it: that no trace
    /// of it is seen does not mean that it will not take effect.
    Lost,
}

impl Deeds {
    pub(super) fn recovery(&self, recovery: Recovery) {
        self.recovery.set(recovery);
    }

    pub(super) fn import(&self, import: Import) {
        if self.import.get() != Import::Lost {
            self.import.set(import);
        }
    }

    /// The vault has made this version.
    pub(super) fn imported(&self, version: &str) {
        *self.version.borrow_mut() = Some(version.to_owned());
    }

    /// The version that the vault has made.
    pub(super) fn version(&self) -> Option<String> {
        self.version.borrow().clone()
    }

    pub(super) fn has_recovered(&self) -> bool {
        self.recovery.get() == Recovery::Done
    }

    /// What was given to be sent is not on its way: it waits for its first or its next try,
    /// and every try before has certainly done nothing.
    pub(super) fn nothing_on_its_way(&self) {
        if self.import.get() == Import::Sent {
            self.import(Import::None);
        }
        if self.recovery.get() == Recovery::Sent {
            self.recovery.set(Recovery::None);
        }
    }

    /// Whether a change was sent of which nobody knows what became.
    pub(super) fn unknown(&self) -> bool {
        self.import.get() != Import::None
            || matches!(self.recovery.get(), Recovery::Sent | Recovery::Lost)
    }

    /// For people.
    pub(super) fn told(&self, alias: &Alias) -> String {
        let recovery = match self.recovery.get() {
            Recovery::None => None,
            Recovery::Sent | Recovery::Lost | Recovery::Underway => Some(format!(
                "the recovery of the deleted certificate {alias} was asked for and was not seen to \
                 be done"
            )),
            Recovery::Done => Some(format!("the deleted certificate {alias} was recovered")),
        };
        let import = match self.import.get() {
            Import::None => "nothing was imported",
            Import::Sent | Import::Lost => {
                "an import was sent, and whether it took effect is not known; run the job again: it \
                 looks first and imports only what is not there"
            }
        };
        match recovery {
            Some(recovery) => format!("{recovery}; {import}"),
            None => import.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_waits_to_be_sent_again_has_done_nothing() {
        let alias = Alias::parse("web-1").unwrap();
        for (recovery, import, unknown, words) in [
            (Recovery::None, Import::Sent, false, "nothing was imported"),
            (Recovery::None, Import::Lost, true, "an import was sent"),
            (Recovery::Sent, Import::None, false, "nothing was imported"),
            (Recovery::Lost, Import::None, true, "not seen to be done"),
            (
                Recovery::Underway,
                Import::None,
                false,
                "not seen to be done",
            ),
            (
                Recovery::Done,
                Import::Sent,
                false,
                "web-1 was recovered; nothing",
            ),
        ] {
            let deeds = Deeds::default();
            deeds.recovery(recovery);
            deeds.import(import);
            deeds.nothing_on_its_way();
            assert_eq!(deeds.unknown(), unknown, "{recovery:?} {import:?}");
            let told = deeds.told(&alias);
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn an_import_whose_answer_was_lost_stays_that_whatever_becomes_of_the_next_one() {
        let deeds = Deeds::default();
        deeds.import(Import::Lost);
        for next in [Import::Sent, Import::None] {
            deeds.import(next);
            assert!(deeds.unknown(), "{next:?}");
        }
    }

    #[test]
    fn what_is_on_its_way_may_have_done_something() {
        let deeds = Deeds::default();
        assert!(!deeds.unknown());
        deeds.import(Import::Sent);
        assert!(deeds.unknown());
        deeds.import(Import::None);
        deeds.recovery(Recovery::Sent);
        assert!(deeds.unknown());
    }
}
