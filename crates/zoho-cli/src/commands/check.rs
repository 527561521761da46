//! `zoho tokens check`: finds and repairs damage in a store, and asks Zoho about its tokens.

use std::path::PathBuf;

use serde_json::{Value, json};
use zoho_oauth::store::{self, AnyStore, Finding, FindingKind, RepairReport, StoreError, TokenStore};
use zoho_oauth::{Authenticator, ExposeSecret, OAuthToken};
use zohocrm::Crm;

use crate::args::Check;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{Advice, CheckLine, Note, OnlineFinding, Problem, Warning};
use crate::output::printable;

pub(crate) async fn run(config: &Config, options: Check) -> Result<(), Failure> {
    let store = config.store()?;
    let repair = match options.repair {
        true => {
            // A repair can change ids, after which a spooled token would no longer find its row.
            if let Err(error) = config.authenticator_over(store.clone())?.recover().await {
                config.output.warning(&Warning::SpooledTokens { error: error.to_string() });
            }
            store::repair(&store, options.backup.as_deref()).await?
        }
        false => store::check(&store).await?.into(),
    };
    let left = &repair.remaining.findings;
    let mut repaired: Vec<Row> = repair.repaired.iter().map(Row::of).collect();
    let mut problems: Vec<Row> = left.iter().map(|finding| Row::left(finding, options.repair)).collect();
    if options.repair {
        repaired.extend(forget_rejections(config, &store).await?);
    }
    if options.online {
        problems.extend(ask_about_all(config, &store).await?);
    }
    print(config, &store, &repair, &repaired, &problems)?;
    if problems.is_empty() {
        let rows = repair.remaining.rows;
        config.output.note(&match config.missing_store() {
            Some(path) if rows == 0 => Note::NoStore { path: path.to_owned() },
            _ => Note::NothingWrong { rows, store: store.name().to_owned() },
        });
        return Ok(());
    }
    Err(Problem::Findings {
        count: problems.len(),
        repairable: left.iter().filter(|finding| finding.can_be_repaired).count(),
        after_repair: options.repair,
        store: store.name().to_owned(),
    }
    .into())
}

fn print(
    config: &Config,
    store: &AnyStore,
    repair: &RepairReport,
    repaired: &[Row],
    problems: &[Row],
) -> Result<(), Failure> {
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let (backup, removed) = (shown(&repair.backup), shown(&repair.removed));
    if config.output.is_json() {
        return config.output.json(&json!({
            "store": store.name(),
            "rows": repair.remaining.rows,
            "backup": backup,
            "removed": removed,
            "repaired": repaired.iter().map(Row::json).collect::<Vec<_>>(),
            "findings": problems.iter().map(Row::json).collect::<Vec<_>>(),
        }));
    }
    let backup = backup.as_deref().map(|path| CheckLine::Backup { path });
    let removed = removed.as_deref().map(|path| CheckLine::Removed { path });
    let repaired = repaired.iter().map(Row::line);
    for line in backup.into_iter().chain(removed).chain(repaired).chain(problems.iter().map(Row::line)) {
        config.output.data(printable(&line.to_string()))?;
    }
    Ok(())
}

/// A finding to print.
struct Row {
    kind: &'static str,
    place: String,
    ids: Vec<String>,
    lines: Vec<usize>,
    file: Option<String>,
    text: String,
    /// `None` if it was repaired.
    next_step: Option<Advice>,
    can_be_repaired: bool,
}

impl Row {
    /// A finding that remains, after a repair if there was one.
    fn left(finding: &Finding, was_repaired: bool) -> Self {
        Self { next_step: Some(next_step(finding, was_repaired)), ..Self::of(finding) }
    }

    fn of(finding: &Finding) -> Self {
        Self {
            kind: finding.kind.as_str(),
            place: finding.place(),
            ids: finding.ids.clone(),
            lines: finding.lines.clone(),
            file: finding.path.as_ref().map(|path| path.display().to_string()),
            text: finding.text.clone(),
            next_step: None,
            can_be_repaired: finding.can_be_repaired,
        }
    }

    /// The result of asking Zoho about the token with this id.
    fn with_token(id: &str, finding: &OnlineFinding, next_step: impl Into<Option<Advice>>) -> Self {
        Self {
            kind: finding.word(),
            place: format!("id {id}"),
            ids: vec![id.to_owned()],
            lines: Vec::new(),
            file: None,
            text: finding.to_string(),
            next_step: next_step.into(),
            can_be_repaired: false,
        }
    }

    fn line(&self) -> CheckLine<'_> {
        let Self { place, text, next_step, .. } = self;
        match next_step {
            Some(next_step) => CheckLine::Finding { place, text, next_step },
            None => CheckLine::Repaired { place, text },
        }
    }

    fn json(&self) -> Value {
        json!({
            "kind": self.kind,
            "ids": self.ids,
            "lines": self.lines,
            "file": self.file,
            "text": self.text,
            "next_step": self.next_step.as_ref().map(ToString::to_string),
            "can_be_repaired": self.can_be_repaired,
        })
    }
}

/// What to do about a finding.
fn next_step(finding: &Finding, was_repaired: bool) -> Advice {
    let id = || finding.ids.first().map_or("ID", String::as_str).to_owned();
    match (finding.kind, finding.kind.repair()) {
        (_, Some(remedy)) if finding.can_be_repaired && !was_repaired => Advice::Repair { remedy },
        (FindingKind::OpenToOthers, _) => Advice::SetMode,
        _ if finding.can_be_repaired => Advice::RepairLater,
        (FindingKind::UnreadableRow, _) => Advice::RestoreFile,
        (FindingKind::OlderColumns, _) => Advice::CopyFile,
        (FindingKind::NonNumericExpiry, _) => Advice::Renew { id: id() },
        (FindingKind::MissingClient, _) => Advice::LogInOrDelete { id: id() },
        _ => Advice::GiveIds,
    }
}

/// Has every refresh token that Zoho rejected sent again by the next renewal.
async fn forget_rejections(config: &Config, store: &AnyStore) -> Result<Vec<Row>, Failure> {
    let authenticator = config.authenticator_over(store.clone())?;
    let mut error = None;
    let forget = async |token: &OAuthToken| {
        let id = token.id()?;
        match authenticator.forget_rejections(&OAuthToken::new().with_id(id)).await {
            Ok(was_rejected) => was_rejected.then(|| Row::with_token(id, &OnlineFinding::SentAgain, None)),
            Err(failed) => {
                error.get_or_insert(failed);
                None
            }
        }
    };
    // A store that is damaged still has its own findings.
    let (forgotten, _) = of_each_token(store, forget).await;
    error.map_or(Ok(forgotten), |error| Err(error.into()))
}

/// Asks Zoho about every stored token.
async fn ask_about_all(config: &Config, store: &AnyStore) -> Result<Vec<Row>, Failure> {
    let authenticator = config.authenticator_over(store.clone())?;
    config.waits_for_accounts_server();
    let ask = async |token: &OAuthToken| ask_about(config, &authenticator, token).await;
    let (mut problems, damage) = of_each_token(store, ask).await;
    // The store's own findings are reported already.
    if let Some(error) = damage {
        let finding = OnlineFinding::NoneAsked { error: error.to_string() };
        let of_all = Row::with_token("", &finding, Advice::RepairThenAsk);
        problems.push(Row { place: store.name().to_owned(), ids: Vec::new(), ..of_all });
    }
    Ok(problems)
}

/// What `look` finds at each stored token, and the error if not all of them can be read.
async fn of_each_token(
    store: &AnyStore,
    mut look: impl AsyncFnMut(&OAuthToken) -> Option<Row>,
) -> (Vec<Row>, Option<StoreError>) {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = match store.get_token_page(after.as_deref()).await {
            Ok(page) => page,
            Err(error) => return (found, Some(error)),
        };
        for token in &page.tokens {
            found.extend(look(token).await);
        }
        if page.next.is_none() {
            return (found, None);
        }
        after = page.next;
    }
}

/// Asks Zoho about one token: by a renewal if its access token has expired, otherwise by an API call. An earlier
/// rejection is no reason not to ask: its cause may be gone.
async fn ask_about(config: &Config, authenticator: &Authenticator, token: &OAuthToken) -> Option<Row> {
    let id = token.id().filter(|id| !id.is_empty())?;
    // A check must not spend a grant token, and a row without any token is a finding of the store.
    if token.refresh_token().is_none() && token.access_token().is_none() {
        return None;
    }
    let answer = accepts(config, authenticator, token, OAuthToken::new().with_id(id)).await;
    let error = answer.err()?;
    let is_rejected = match &error {
        zohocrm::Error::Token(zoho_oauth::Error::Rejected { .. }) => true,
        error => error.needs_login(),
    };
    if is_rejected {
        let finding = OnlineFinding::NotAccepted { error: error.to_string() };
        return Some(Row::with_token(id, &finding, Advice::LogInOrDelete { id: id.to_owned() }));
    }
    // Zoho accepted the token and rejected the call for another reason, such as a missing scope.
    if error.api().is_some() && !error.is_transient() {
        return None;
    }
    let next_step = if error.is_transient() { Advice::CheckLater } else { Advice::RemoveCause };
    Some(Row::with_token(id, &OnlineFinding::NotAsked { error: error.to_string() }, next_step))
}

async fn accepts(
    config: &Config,
    authenticator: &Authenticator,
    stored: &OAuthToken,
    wanted: OAuthToken,
) -> Result<(), zohocrm::Error> {
    authenticator.forget_rejections(&wanted).await?;
    let valid = authenticator.access_token_for(&wanted).await?;
    if valid.persistence().error().is_some() {
        let error = valid.persistence().to_string();
        config.output.warning(&Warning::RenewedTokenNotStored { error });
    }
    if stored.access_token().is_some_and(|stored| stored.expose_secret() == valid.expose_secret()) {
        Crm::for_token(authenticator, wanted).current_user().await?;
    }
    Ok(())
}
