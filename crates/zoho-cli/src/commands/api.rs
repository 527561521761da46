//! `zoho api`: sends any request with a token.

use zohocrm::{Method, RawResponse, Request};

use super::interruption::Interruption;
use super::{paginate, whose};
use crate::args::Api;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::{NextStep, Problem};

pub(crate) async fn run(config: &Config, call: Api) -> Result<(), Failure> {
    let Api { method, path, query, data, paginate, json_lines, whose } = call;
    config.check_address(&path)?;
    if paginate {
        if method != Method::Get || data.is_some() {
            return Err(Problem::PaginateNeedsGet.into());
        }
        let crm = whose::crm(config, whose).await?;
        return paginate::print(config, crm, &path, query, json_lines).await;
    }
    let body = data.as_deref().map(input::json_text).transpose()?;
    let crm = whose::crm(config, whose).await?;
    let mut request = crm.request(method, path);
    for (name, value) in query {
        request = request.query(name, value);
    }
    if let Some(body) = body {
        request = request.json_text(body);
    }
    let response = response(config, request, method == Method::Get).await?;
    let printed = config.output.bytes(response.body()).and_then(|()| match response.body().last() {
        Some(last) if *last != b'\n' && is_text(&response) => config.output.bytes(b"\n"),
        _ => Ok(()),
    });
    match method {
        Method::Get => printed,
        // The request must not be repeated only because its response was not printed.
        _ => printed.map_err(|failure| failure.even_if_nobody_reads().next_step(NextStep::RequestSucceeded)),
    }
}

/// Sends a request. If it changes something, an interrupted command still waits for the response.
async fn response(config: &Config, request: Request, only_reads: bool) -> Result<RawResponse, Failure> {
    let interruption = Interruption::start()?;
    if only_reads {
        return Ok(interruption.unless(request.send()).await??);
    }
    interruption.leads_to(NextStep::CheckRequest);
    let response = interruption.unless_insistent(|note| config.output.note(note), request.send()).await?;
    response.map_err(|error| match error.is_in_doubt() {
        true => Failure::from(error).next_step(NextStep::CheckRequest),
        false => error.into(),
    })
}

/// Whether a line break can be added to the body. Binary bodies are printed unchanged.
fn is_text(response: &RawResponse) -> bool {
    let kind = response.content_type().and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind.starts_with("text/") || kind == "application/json" || kind.ends_with("+json")
}
