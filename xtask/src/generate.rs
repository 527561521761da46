//! `cargo xtask generate` and `cargo xtask coverage`: the typed client from what Zoho publishes.

use std::path::PathBuf;

use clap::Args;
use generator::error::Error;
use generator::{Output, Sources, understand};

use crate::{python, workspace};

/// Where Zoho's descriptions of the API are.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder with Zoho's OpenAPI files
    #[arg(long, value_name = "DIR", env = "ZOHOCRM_OPENAPI")]
    spec: PathBuf,
    /// The package folder of the official Python SDK, `zohocrmsdk` [default: the one that the tests install]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

/// Whether to write.
#[derive(Debug, Args)]
pub(crate) struct GenerateOptions {
    #[command(flatten)]
    options: Options,
    /// Write nothing, and fail if what is committed differs
    #[arg(long)]
    check: bool,
}

pub(crate) fn generate(options: &GenerateOptions) -> bool {
    report(options.options.sources().and_then(|sources| {
        let understood = understand(&sources).map_err(in_words)?;
        for output in Output::of(&understood.client, &workspace()).map_err(in_words)? {
            if options.check { output.check() } else { output.write() }.map_err(in_words)?;
        }
        Ok(format!("{} operations", understood.coverage.generated))
    }))
}

pub(crate) fn coverage(options: &Options) -> bool {
    report(
        options
            .sources()
            .and_then(|sources| Ok(understand(&sources).map_err(in_words)?.coverage.to_string())),
    )
}

impl Options {
    fn sources(&self) -> Result<Sources, String> {
        let python = python::with_the_official_sdk(false)?;
        let sdk = match &self.sdk {
            Some(folder) => folder.clone(),
            None => python::package_folder(&python, "zohocrmsdk")?,
        };
        Ok(Sources { specification: self.spec.clone(), sdk, python })
    }
}

fn report(outcome: Result<String, String>) -> bool {
    match outcome {
        Ok(ref words) => println!("{}", words.trim_end()),
        Err(ref reason) => eprintln!("error: {reason}"),
    }
    outcome.is_ok()
}

fn in_words(error: Error) -> String {
    error.to_string()
}
