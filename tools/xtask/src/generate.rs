//! `cargo xtask generate` and `cargo xtask coverage`: generates the typed client from what Zoho publishes, and counts what
//! it covers.

use std::path::PathBuf;

use clap::Args;
use generator::error::Error;
use generator::{Output, Sources};

use crate::{python, workspace};

/// The sources: Zoho's descriptions of the API.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder with Zoho's OpenAPI files
    #[arg(long, value_name = "DIR", env = "ZOHOCRM_OPENAPI")]
    spec: PathBuf,
    /// The folder with Zoho's published examples
    #[arg(long, value_name = "DIR", env = "ZOHOCRM_EXAMPLES")]
    examples: PathBuf,
    /// The package folder of the official Python SDK, `zohocrmsdk` [default: the one that the tests install]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

/// The options of `cargo xtask generate`.
#[derive(Debug, Args)]
pub(crate) struct GenerateOptions {
    #[command(flatten)]
    options: Options,
    /// Write nothing, and fail if the committed files differ
    #[arg(long)]
    check: bool,
}

/// Generates the client, or checks it. Returns whether that succeeded.
pub(crate) fn generate(options: &GenerateOptions) -> bool {
    let outcome = options
        .options
        .sources()
        .and_then(|sources| write_or_check(&sources, options.check).map_err(in_words));
    report(&outcome)
}

/// Checks whether the committed files are those that the generator writes for these folders. Returns whether they are.
pub(crate) fn check(spec: PathBuf, examples: PathBuf) -> bool {
    generate(&GenerateOptions { options: Options { spec, examples, sdk: None }, check: true })
}

/// Prints how much of the API is generated. Returns whether that succeeded.
pub(crate) fn coverage(options: &Options) -> bool {
    let outcome = options.sources().and_then(|sources| generator::load(&sources).map_err(in_words));
    report(&outcome.map(|loaded| loaded.coverage.to_string()))
}

fn write_or_check(sources: &Sources, check: bool) -> Result<String, Error> {
    let loaded = generator::load(sources)?;
    for output in Output::of(&loaded.client, &workspace())? {
        if check { output.check() } else { output.write() }?;
    }
    Ok(format!("{} operations", loaded.coverage.generated))
}

impl Options {
    fn sources(&self) -> Result<Sources, String> {
        let python = python::with_the_official_sdk(false)?;
        let sdk = match &self.sdk {
            Some(folder) => folder.clone(),
            None => python::package_folder(&python, "zohocrmsdk")?,
        };
        Ok(Sources { specification: self.spec.clone(), examples: self.examples.clone(), sdk, python })
    }
}

fn report(outcome: &Result<String, String>) -> bool {
    match outcome {
        Ok(words) => println!("{}", words.trim_end()),
        Err(reason) => eprintln!("error: {reason}"),
    }
    outcome.is_ok()
}

#[allow(clippy::needless_pass_by_value, reason = "`map_err` passes the error by value")]
fn in_words(error: Error) -> String {
    error.to_string()
}
