//! `zoho tokens check`: what is wrong in the store, what Zoho says to its tokens, and what is done about it.

use serde_json::{Value, json};
use zoho_oauth::store::{self, AnyStore, Finding, FindingKind, Repair, TokenStore};
use zoho_oauth::{Authenticator, ExposeSecret, OAuthToken};
use zohocrm::Crm;

use crate::args::Check;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::printable;

pub(crate) async fn run(config: &Config, options: Check) -> Result<(), Failure> {
    let store = config.store()?;
    let repair = match options.repair {
        true => {
            // What waits for a row would not find it again under another id.
            if let Err(error) = config.authenticator_over(store.clone())?.recover().await {
                config.output.warning(format_args!("tokens wait that the store does not take: {error}"));
            }
            store::repair(&store, options.backup.as_deref()).await?
        }
        false => store::check(&store).await?.into(),
    };
    let left = &repair.left.findings;
    let mut problems: Vec<Problem> =
        left.iter().map(|finding| Problem::left(finding, options.repair)).collect();
    if options.online {
        problems.extend(ask_about_all(config, &store).await?);
    }
    print(config, &store, &repair, &problems)?;
    if problems.is_empty() {
        let tokens = if repair.left.rows == 1 { "token" } else { "tokens" };
        config.output.words(format_args!(
            "nothing is wrong with the {} {tokens} in {}",
            repair.left.rows,
            store.name()
        ));
        return Ok(());
    }
    let count = problems.len();
    let are = if count == 1 { "finding is" } else { "findings are" };
    let left_over = if options.repair { " left" } else { "" };
    let failure = Failure::failed(format!("{count} {are}{left_over} in {}", store.name()));
    Err(match left.iter().filter(|finding| finding.can_be_repaired).count() {
        mendable if mendable > 0 && !options.repair => failure
            .next_step(format!("zoho tokens check --repair mends {mendable} of {count} and keeps a backup")),
        _ => failure,
    })
}

fn print(config: &Config, store: &AnyStore, repair: &Repair, problems: &[Problem]) -> Result<(), Failure> {
    let backup = repair.backup.as_ref().map(|path| path.display().to_string());
    let mended: Vec<Problem> = repair.mended.iter().map(Problem::of).collect();
    if config.output.is_json() {
        return config.output.json(&json!({
            "store": store.name(),
            "rows": repair.left.rows,
            "backup": backup,
            "mended": mended.iter().map(Problem::json).collect::<Vec<_>>(),
            "findings": problems.iter().map(Problem::json).collect::<Vec<_>>(),
        }));
    }
    let backup = backup.map(|backup| format!("backup: {backup}"));
    let mended = mended.iter().map(|problem| format!("mended: {}: {}", problem.place, problem.text));
    let left = problems.iter().map(|problem| {
        let next_step = problem.next_step.as_deref().unwrap_or_default();
        format!("{}: {}; next: {next_step}", problem.place, problem.text)
    });
    for line in backup.into_iter().chain(mended).chain(left) {
        config.output.data(printable(&line))?;
    }
    Ok(())
}

/// Something that is wrong, ready to be told.
struct Problem {
    kind: &'static str,
    place: String,
    ids: Vec<String>,
    lines: Vec<usize>,
    file: Option<String>,
    text: String,
    /// Nothing, where it has been mended.
    next_step: Option<String>,
    can_be_repaired: bool,
}

impl Problem {
    /// Something that is there, still if the store was repaired.
    fn left(finding: &Finding, was_repaired: bool) -> Self {
        Self { next_step: Some(next_step(finding, was_repaired)), ..Self::of(finding) }
    }

    fn of(finding: &Finding) -> Self {
        Self {
            kind: finding.kind.word(),
            place: finding.place(),
            ids: finding.ids.clone(),
            lines: finding.lines.clone(),
            file: finding.path.as_ref().map(|path| path.display().to_string()),
            text: finding.text.clone(),
            next_step: None,
            can_be_repaired: finding.can_be_repaired,
        }
    }

    /// What came of asking Zoho about the token with this id.
    fn with_token(kind: &'static str, id: &str, text: String, next_step: String) -> Self {
        Self {
            kind,
            place: format!("id {id}"),
            ids: vec![id.to_owned()],
            lines: Vec::new(),
            file: None,
            text,
            next_step: Some(next_step),
            can_be_repaired: false,
        }
    }

    fn json(&self) -> Value {
        json!({
            "kind": self.kind,
            "ids": self.ids,
            "lines": self.lines,
            "file": self.file,
            "text": self.text,
            "next_step": self.next_step,
            "can_be_repaired": self.can_be_repaired,
        })
    }
}

/// What to do about a finding.
fn next_step(finding: &Finding, was_repaired: bool) -> String {
    let id = finding.ids.first().map_or("ID", String::as_str);
    match (finding.kind, finding.kind.remedy()) {
        (_, Some(remedy)) if finding.can_be_repaired && !was_repaired => format!("--repair {remedy}"),
        (FindingKind::OpenToOthers, _) => "let its owner set mode 0600".to_owned(),
        _ if finding.can_be_repaired => {
            "repair again when no other program is at work on these rows".to_owned()
        }
        (FindingKind::TornRow, _) => "check that this is the token file, or restore a copy of it".to_owned(),
        (FindingKind::ExpiryNotANumber, _) => {
            format!("zoho token --id {id} renews it and writes a new expiry")
        }
        (FindingKind::NoClient, _) => {
            format!("zoho login stores a whole token; zoho tokens delete {id} takes this one away")
        }
        _ => "give each row an id of its own, with the database's own tools".to_owned(),
    }
}

/// Asks Zoho about every token that is stored.
async fn ask_about_all(config: &Config, store: &AnyStore) -> Result<Vec<Problem>, Failure> {
    let authenticator = config.authenticator_over(store.clone())?;
    let mut problems = Vec::new();
    let mut after = None;
    loop {
        let page = match store.get_token_page(after.as_deref()).await {
            Ok(page) => page,
            // What can be read of a damaged store was told, and so was what to do about it.
            Err(error) => {
                let next = "repair the store, then ask again".to_owned();
                let text = format!("Zoho could not be asked about its tokens: {error}");
                let place = store.name().to_owned();
                problems.push(Problem {
                    place,
                    ids: Vec::new(),
                    ..Problem::with_token(NOT_ASKED, "", text, next)
                });
                return Ok(problems);
            }
        };
        for token in &page.tokens {
            problems.extend(ask_about(config, &authenticator, token).await);
        }
        if page.next.is_none() {
            return Ok(problems);
        }
        after = page.next;
    }
}

const NOT_ACCEPTED: &str = "not_accepted";
const NOT_ASKED: &str = "could_not_be_asked";

/// Asks Zoho about one token: by a renewal if its access token has ended, else by a call.
async fn ask_about(config: &Config, authenticator: &Authenticator, token: &OAuthToken) -> Option<Problem> {
    let id = token.id().filter(|id| !id.is_empty())?;
    // A code is not spent for a check, and of a row without any token it was told.
    if token.refresh_token().is_none() && token.access_token().is_none() {
        return None;
    }
    let answer = accepts(config, authenticator, token, OAuthToken::new().with_id(id)).await;
    let error = answer.err()?;
    let is_refused = match &error {
        zohocrm::Error::Token(zoho_oauth::Error::Rejected { .. }) => true,
        error => error.needs_login(),
    };
    if is_refused {
        let next = format!("zoho login, or zoho tokens delete {id}");
        return Some(Problem::with_token(
            NOT_ACCEPTED,
            id,
            format!("Zoho does not accept it any more: {error}"),
            next,
        ));
    }
    // Zoho knew the token, and refused something else: a scope that it lacks, say.
    if error.api().is_some() && !error.is_transient() {
        return None;
    }
    let next = if error.is_transient() { "check again later" } else { "see to that, then check again" };
    Some(Problem::with_token(
        NOT_ASKED,
        id,
        format!("Zoho could not be asked about it: {error}"),
        next.to_owned(),
    ))
}

async fn accepts(
    config: &Config,
    authenticator: &Authenticator,
    stored: &OAuthToken,
    wanted: OAuthToken,
) -> Result<(), zohocrm::Error> {
    let valid = authenticator.access_token_for(&wanted).await?;
    if valid.persistence().error().is_some() {
        config
            .output
            .warning(format_args!("a token was renewed but could not be stored: {}", valid.persistence()));
    }
    if stored.access_token().is_some_and(|stored| stored.expose_secret() == valid.expose_secret()) {
        Crm::for_token(authenticator, wanted).current_user().await?;
    }
    Ok(())
}
