//! One snapshot of every message and every `--help`, so that the language can be read in one place.

use std::fmt::{Display, Write};
use std::time::Duration;

use clap::CommandFactory;

use super::*;
use crate::args::{self, Arguments};
use crate::failure::Failure;

/// A value of each variant. A variant that is left out does not compile.
macro_rules! samples {
    ($type:ident: $($variant:ident $({ $($field:ident: $value:expr),* $(,)? })?),+ $(,)?) => {{
        let samples = [$($type::$variant $({ $($field: $value),* })?),+];
        for sample in &samples {
            #[allow(unreachable_patterns, reason = "a variant may have several samples")]
            match sample {
                $($type::$variant { .. } => {})+
            }
        }
        samples
    }};
}

#[test]
fn every_message_and_every_help_is_in_one_snapshot() {
    let mut text = String::new();
    let mut section = |title: &str, content: &str| write!(text, "# {title}\n\n{content}\n").unwrap();
    section("Errors of the command, with their exit codes", &failures());
    section("What to do next", &lines(&next_steps()));
    let cells = samples!(InvalidCell: NotAnId, NotALookup, NotById, Subform);
    section("Cells of CSV that cannot be sent", &lines(&cells));
    section("Warnings", &lines(&warnings()));
    section("Notes on standard error", &lines(&notes()));
    section("Questions", &lines(&questions()));
    section("Progress", &progress());
    section("`zoho tokens check`", &findings());
    section("`zoho bulk write`", &lines(&[Totals { added: 2, updated: 1, rejected: 3 }]));
    section("`zoho demo`", &story());
    section("What `zoho demo` checks", &lines(&claims()));
    section("`zoho emulator`", &greeting());
    let mut root = args::readable(Arguments::command().term_width(100));
    help(&mut root, &mut text);
    insta::with_settings!({
        snapshot_path => "../../tests/it/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("messages", text);
    });
}

/// The help of a command and of its subcommands.
fn help(command: &mut clap::Command, text: &mut String) {
    let name = command.get_display_name().unwrap_or(command.get_name()).replace('-', " ");
    let long = command.render_long_help().to_string();
    let lines = long.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    write!(text, "# `{name} --help`\n\n{lines}\n\n").unwrap();
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        help(below, text);
    }
}

fn lines(messages: &[impl Display]) -> String {
    messages.iter().map(|message| format!("{message}\n")).collect()
}

fn failures() -> String {
    let problems = problems().into_iter().map(|problem| {
        let failure = Failure::from(problem);
        format!("{} {}\n", failure.exit() as u8, failure.lines().join("\n"))
    });
    problems.collect()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn store() -> String {
    text("the SQLite file tokens.db")
}

fn cause() -> String {
    text("<the error's own message>")
}

fn unknown() -> Vec<UnknownName> {
    let nearest = |name, nearest: Option<&str>| UnknownName { name: text(name), nearest: nearest.map(text) };
    vec![nearest("Citty", Some("City")), nearest("Colour", None)]
}

fn problems() -> Vec<Problem> {
    let file = || Origin::File("leads.csv".into());
    samples!(Problem:
        NotAParameter,
        UnknownEncoding,
        NotAPath { path: text("crm/v8/Leads") },
        ForeignHost { host: text("api.example") },
        PaginateNeedsGet,
        NotOneList,
        NotObjects,
        PageNotANumber,
        CodeMissing,
        CodeEmpty,
        ClientMissing,
        NothingToFind,
        SeveralTokens { count: 2, names: texts(&["ada (id 1)", "carol (id 2)"]) },
        ResultIsStdout,
        UnknownFields { module: text("Leads"), fields: unknown() },
        JobOfAnotherModule { job: text("17"), reads: text("Leads"), module: text("Contacts") },
        NoTokenWithId { id: text("17") },
        NoSuchToken { store: store() },
        NoTokenOf { store: store(), owner: text("ada (id 1)") },
        NoRecord { module: text("Leads"), record: text("17") },
        NoSourceFile,
        StoreIsEmpty { store: store() },
        StoreMissing { path: "zohooauth.db".into() },
        TokenOfAnotherApp { user: text("ada"), apps: texts(&["1000.APP"]), given: text("1000.OTHER") },
        Unreadable { origin: file() },
        NotUtf16 { origin: file() },
        NotJson { origin: Origin::StandardInput },
        NotAnObject { origin: Origin::Argument, number: 2 },
        BodyMember { origin: file(), member: text("trigger") },
        SecondIdColumn { origin: file(), column: text("Record Id") },
        RecordWithoutId { number: 2, line: None },
        RecordWithoutId { number: 2, line: Some(3) },
        UnknownColumns { module: text("Leads"), columns: unknown() },
        AmbiguousColumn { column: text("city"), fields: texts(&["City", "City1"]) },
        SameField { columns: [text("City"), text("city")], field: text("City") },
        NoTokensGiven,
        Unsavable { number: 2, reason: Unsavable::NotAnObject },
        Unsavable { number: 2, reason: Unsavable::NotAText { column: text("user_name") } },
        Unsavable { number: 2, reason: Unsavable::Masked { column: text("access_token") } },
        Unsavable { number: 2, reason: Unsavable::ExpiryNotANumber },
        Unsavable { number: 2, reason: Unsavable::ErrorResponse },
        Unsavable { number: 2, reason: Unsavable::Other { error: cause() } },
        RecordsRejected { rejected: 2, count: 100 },
        RowsRejected { rejected: 2, count: 100 },
        NotRevoked { failed: 1, count: 3 },
        PartlySaved { saved: 1, count: 3 },
        LoginNotStored,
        SpoolNotEmpty,
        Findings { count: 4, repairable: 3, after_repair: false, store: store() },
        Findings { count: 1, repairable: 0, after_repair: true, store: store() },
        CopyStopped { read: 300, written: 200 },
        CopyIncomplete { missing: 1, count: 300 },
        NotConfirmed,
        Interrupted,
        Runtime,
        Signals,
        InputThread,
        Output { reader_left: false },
        Unwritable { path: "leads.csv".into() },
        LogFile { path: "zoho.log".into() },
        RecordAsJson,
        RecordAsCsv { error: cause() },
        EmulatorPort { port: 8080 },
        Emulator,
        TemporaryFolder,
        SecondProcess,
        SecondProcessLost,
        SecondProcessFailed { stderr: text("<what it printed>") },
        Untrue { claim: Claim::OneRow },
    )
    .into()
}

fn next_steps() -> Vec<NextStep> {
    samples!(NextStep:
        LogIn,
        SetClient,
        UnsetClient,
        SelectToken,
        ListTokenIds,
        ListTokenNames,
        FindHelp,
        RevealTokens,
        CorrectTokens,
        GivePath,
        DropPaginate,
        ContinueList { option: text("--page 3"), printed: 400 },
        ContinueQuery { name: text("page"), value: text("3"), printed: 400 },
        NarrowList,
        ReadInBulk { module: text("Leads") },
        QueryInstead { query: text("select id from Leads where City = '$\"x'") },
        NarrowSearch,
        CheckRequest,
        RequestSucceeded,
        ListFields { module: text("Leads") },
        SeeFields { module: text("Leads") },
        UseModule { module: text("Leads") },
        UseField { field: text("City") },
        GiveJson,
        GiveCsv,
        RunAgain,
        CorrectInput,
        CorrectInputAndSkip { sent: 100 },
        CheckRecords { first: 101, last: 200 },
        SkipWritten { sent: 100 },
        SkipSent { sent: 100 },
        AllSent,
        ResumeJob { module: text("Leads"), job: text("17"), complete: 0, is_partly_read: false },
        ResumeJob { module: text("Leads"), job: text("17"), complete: 0, is_partly_read: true },
        ResumeJob { module: text("Leads"), job: text("17"), complete: 200_000, is_partly_read: false },
        ResumeJob { module: text("Leads"), job: text("17"), complete: 200_000, is_partly_read: true },
        ResumeJobs { module: text("Leads"), jobs: texts(&["17", "18"]) },
        ContinueRead { page_token: text("TOKEN"), complete: 200_000 },
        SkipRows { rows: 25_000 },
        CheckJob { job: text("17"), first: 25_001, last: 25_010 },
        CheckForJob,
        CheckForJobAfter { rows: 25_000 },
        ReadResult { path: "result.csv".into() },
        AskForResult,
        Repair { repairable: 3, count: 4 },
        CheckSourcePath,
        CheckStorePath,
        RevokeRest,
        ResumeCopy,
        RepeatCopy,
        StoreSpooledToken { path: "/srv/tokens.db.spool/1.json".into() },
        SaveToken { path: "/tmp/zoho-token-1.json".into() },
        LogInAgain { error: cause() },
    )
    .into()
}

fn warnings() -> Vec<Warning> {
    samples!(Warning:
        SpooledTokens { error: cause() },
        OtherEnvironment { error: cause() },
        TokenNotStored { error: cause() },
        RenewedTokenNotStored { error: cause() },
        TokenCopyLeft { path: "/tmp/zoho-token-1.json".into(), error: cause() },
        TokenNotRevoked { owner: text("ada (id 1)"), error: cause() },
        RowNotCopied { id: text("9"), reason: cause() },
        ResultIncomplete { failure: cause() },
    )
    .into()
}

fn notes() -> Vec<Note> {
    let counts = samples!(CopyCount: Read, Added, Updated, Renumbered, Same, Newer, Changed, Verified);
    let notes = samples!(Note:
        LoggedIn { store: store() },
        RetryingSave { store: store(), file: Some("/tmp/zoho-token-1.json".into()) },
        RetryingSave { store: store(), file: None },
        NoToken { store: store() },
        NoStore { path: "zohooauth.db".into() },
        TokensSaved { count: 1, store: store() },
        TokensSaved { count: 2, store: store() },
        TokenDeleted { id: text("1") },
        AllTokensDeleted { store: store() },
        TokenRevoked { owner: text("ada (id 1)") },
        NothingWrong { rows: 1, store: store() },
        CsvFormat { origin: Origin::File("leads.csv".into()), encoding: "UTF-16LE", delimiter: '\t' },
        ColumnsRenamed { names: vec![(text("Last Name"), text("Last_Name"))] },
        NamesLeftOut { columns: texts(&["Lead Owner", "Created By"]) },
        ReadOnlyLeftOut { columns: texts(&["Created Time", "Modified Time"]) },
        FieldsMissing { fields: texts(&["Citty", "Emial"]) },
        NoRecords,
        ColumnsLeftOut { names: texts(&["City", "Industry"]) },
        MorePages { option: text("--page 2") },
        MoreRows,
        RecordRejected { number: 2, error: cause() },
        ReadJobStarted { job: text("17") },
        MoreInJob { page_token: text("TOKEN") },
        WriteJobStarted { job: text("17"), first: 1, last: 25_000 },
        RowRejected { status: text("SKIPPED"), cells: texts(&["Hopper", "Rome"]), reason: text("INVALID_DATA (City)") },
        AwaitingResponse { seconds: 5 },
        HowToStop,
        Stopped,
        StillWaiting { waiting: None, seconds: 5 },
        Copied { from: store(), to: MissingStore(&"sqlite:new.db".parse().unwrap()).to_string(), dry_run: true },
        Copied { from: store(), to: text("the token file sdk_tokens.txt"), dry_run: false },
        CopyCount { kind: CopyCount::Read, count: 300 },
    );
    let counts = counts.into_iter().map(|kind| Note::CopyCount { kind, count: 12 });
    let host = || text("accounts.zoho.eu");
    let waits = samples!(Waiting:
        AccountsServer { host: host() },
        Response { host: host() },
        Job { job: text("17") },
        Store { name: store() },
    );
    let waits = waits.into_iter().map(|waiting| Note::StillWaiting { waiting: Some(waiting), seconds: 35 });
    notes.into_iter().chain(counts.skip(1)).chain(waits).collect()
}

fn questions() -> Vec<Question> {
    samples!(Question: DeleteTokens { store: store() }, RevokeTokens { count: 2, store: store() }).into()
}

fn progress() -> String {
    let labels =
        samples!(Progress: Read, Verified, Records, Job { job: text("17"), state: text("IN PROGRESS") });
    lines(&[Progress::BAR, Progress::COUNTER]) + &lines(&labels)
}

fn findings() -> String {
    let found = samples!(OnlineFinding:
        NotAccepted { error: cause() },
        NotAsked { error: cause() },
        NoneAsked { error: cause() },
        SentAgain,
    );
    let advice = samples!(Advice:
        Repair { remedy: "<what the library says that a repair does>" },
        SetMode,
        RepairLater,
        RestoreFile,
        CopyFile,
        Renew { id: text("1") },
        LogInOrDelete { id: text("1") },
        GiveIds,
        RepairThenAsk,
        CheckLater,
        RemoveCause,
    );
    let lines = samples!(CheckLine:
        Backup { path: "/srv/tokens.db.backup-20260801T120000Z" },
        Removed { path: "/srv/sdk_tokens.txt.removed-20260801T120000Z" },
        Repaired { place: "line 3 (id 1)", text: "<what was found>" },
        Finding { place: "line 3 (id 1)", text: "<what was found>", next_step: &advice[0] },
    );
    format!("{}\n{}\n{}", self::lines(&lines), self::lines(&found), self::lines(&advice))
}

fn story() -> String {
    let story = samples!(Line:
        Title,
        Emulator { url: text("http://127.0.0.1:8080") },
        TokenLife { life: Duration::from_secs(4) },
        LogIn,
        Exchanged { user: text("ada@example.com") },
        Persist,
        Stored { id: text("1"), path: "/tmp/zoho-demo-1/zohooauth.db".into() },
        CallTheCrm,
        CurrentUser { name: text("Ada Lovelace") },
        LeadCreated { id: text("17") },
        LeadListed,
        ExpireAndRenew,
        Expiring { token: text("…1234"), left: Duration::from_secs(3) },
        Renewed { before: text("…1234"), after: text("…abcd") },
        Restart,
        ReadByAnotherProcess { token: text("…abcd") },
        TwoProcesses,
        RenewedOnce { token: text("…5678") },
        Revoke,
        Revoked,
        LoginRequired,
        LogOut,
        LoggedOut,
        End,
    );
    lines(&story)
}

fn claims() -> Vec<Claim> {
    samples!(Claim:
        UserIsKnown,
        OneRow,
        CrmKnowsTheUser,
        LeadIsCreated,
        LeadIsListed,
        NoRenewal,
        TokenExpires,
        TokenHasExpired,
        TokenIsNew,
        OneRenewal,
        SameTokenElsewhere,
        NoRenewalElsewhere,
        BothHaveTheNewToken,
        OneRenewalForBoth,
        RowHasRefreshToken,
        RefreshTokenIsRevoked,
        AccessTokenIsRevoked,
        RowIsDeleted,
        CallNeedsLogin,
        CommandNeedsLogin,
        RowWasThere,
        TokenStaysValid,
    )
    .into()
}

fn greeting() -> String {
    let greeting = |client_secret| Greeting {
        url: "http://127.0.0.1:8080",
        client_id: "1000.ID",
        client_secret,
        user: "ada@example.com",
        code: "1000.CODE",
    };
    format!("{}\n{}", greeting(Some("SECRET")), greeting(None))
}
