//! What a store promises, in the words of a report.

use std::fmt;

/// Stamps the enum and its texts.
macro_rules! promises {
    ($($name:ident: $text:literal,)+) => {
        /// A promise of a store. A test that fails names the one that was broken.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Promise {
            $($name),+
        }

        impl fmt::Display for Promise {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(match self {
                    $(Self::$name => $text),+
                })
            }
        }

        #[cfg(test)]
        const ALL: &[Promise] = &[$(Promise::$name),+];
    };
}

promises! {
    AcknowledgedSavesStay: "an acknowledged save stays in the store",
    RowsAreWhole: "a row is always one whole state that was saved",
    StoredRowsAreFound: "a stored row is found while other processes write",
    SavesAreSeen: "a reader sees what another process saves",
    OneRowPerUser: "several processes that save one new user make one row",
    OneRowPerId: "two rows never have the same id",
    IdsAreNotReused: "an id is given out once, even after its row was deleted",
    DeletedRowsAreGone: "a deleted row is gone",
    OneHolder: "of many processes that ask for a free lease at once, exactly one gets it",
    OthersSeeTheEpoch: "a process that does not get the lease sees its epoch",
    EpochsRise: "each lease has a higher epoch than the one before",
    HoldersRenew: "the holder can renew its lease",
    HoldersRelease: "the holder can release its lease",
    HoldersSave: "the holder can save",
    RenewedLeasesLast: "a renewed lease lasts for its new lifetime",
    LeasesExpire: "a lease expires",
    ReleasedLeasesAreFree: "a released lease is free",
    EpochsOutliveHolders: "an epoch outlives its holder",
    LedgersAreShared: "every process sees the ledger that was stored with a lease",
    FormerHoldersAreFenced: "a stopped holder whose lease expired cannot use it after another process took it",
    NewerTokensStay: "a stopped holder whose lease expired does not overwrite a newer token",
    DeletionsStay: "a row that was deleted during its renewal stays deleted, and the holder is told",
    LoginsStay: "the renewal of an old refresh token does not overwrite the refresh token of a new login",
    TokensOfHoldersStay: "an acknowledged token of a lease holder stays in the store",
    OneRenewal: "an expired token is requested once, however many tasks and processes want it",
    EverybodyGetsTheToken: "everybody gets the token that was requested",
    CallsEnd: "a call ends",
    CallsSucceed: "a call succeeds whatever other processes do, if it is repeated while it fails as busy",
    ProgramsSurvive: "a program that uses the store keeps running",
    TheTestCanRun: "this machine can run the test",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    #[test]
    fn every_report_can_be_read_in_one_place() {
        let reports: Vec<_> =
            ALL.iter().map(|promise| Failure::new(*promise, "what was seen instead").to_string()).collect();
        insta::assert_snapshot!(reports.join("\n\n"));
    }
}
