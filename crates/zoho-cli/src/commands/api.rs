//! `zoho api`: any call, authenticated.

use crate::args::Api;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, call: Api) -> Result<(), Failure> {
    let Api { method, path, query, data, whose } = call;
    config.check_address(&path)?;
    let body = data.as_deref().map(super::json_body).transpose()?;
    let crm = super::whose::crm(config, whose).await?;
    let mut request = crm.request(method, path);
    for (name, value) in query {
        request = request.query(name, value);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await?;
    config.output.bytes(response.body())?;
    match response.body().last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => config.output.bytes(b"\n"),
    }
}
