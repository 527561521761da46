//! `tests_of!`: makes a test of each example of a guide in Markdown. So the guide shows nothing but what a reader would
//! write, wherever it is read, and yet all of it runs.

use std::path::Path;
use std::{env, fs};

use proc_macro::TokenStream;

const FENCE: &str = "```";

/// Makes a test of each code block of a file, whose path is relative to the package.
///
/// A test has the name of the heading above its block. What the block takes for granted comes from the caller's
/// `async fn given(heading: &str) -> Given`. The test needs the feature behind the language, as in ` ```rust,bulk `.
///
/// # Panics
/// If the file cannot be read, or if it has a block without a heading or that is no Rust.
#[proc_macro]
pub fn tests_of(path: TokenStream) -> TokenStream {
    let path = path.to_string();
    let path = path.trim_matches('"');
    let package = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let file = Path::new(&package).join(path);
    let guide = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tests: String = examples(&guide).iter().map(Example::test).collect();
    // The compiler reads the file too, so that a change of it is noticed.
    let tests = format!("const _: &str = include_str!({file:?}); {tests}");
    tests.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

struct Example<'a> {
    heading: &'a str,
    feature: Option<&'a str>,
    code: String,
}

fn examples(guide: &str) -> Vec<Example<'_>> {
    let (mut examples, mut heading) = (Vec::new(), None);
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("# ") {
            heading = Some(
                text.trim_start_matches(|letter: char| letter.is_ascii_digit() || ". ".contains(letter)),
            );
        } else if let Some(language) = line.strip_prefix(FENCE) {
            let code: Vec<_> = lines.by_ref().take_while(|line| *line != FENCE).collect();
            let feature =
                language.strip_prefix("rust").expect("the language of a block is Rust").strip_prefix(',');
            let heading = heading.expect("a heading is above each block");
            examples.push(Example { heading, feature, code: code.join("\n") });
        }
    }
    examples
}

impl Example<'_> {
    fn test(&self) -> String {
        let Self { heading, feature, code } = self;
        let name = heading.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
        let condition = feature.map(|feature| format!("#[cfg(feature = {feature:?})]")).unwrap_or_default();
        format!(
            "{condition} #[tokio::test] async fn {name}() -> Result<(), Box<dyn std::error::Error>> {{
                #[allow(unused_variables, reason = \"few examples need all of it\")]
                let Given {{ zoho, crm, leads, id, login, .. }} = given({heading:?}).await;
                {code}
                Ok(())
            }}\n"
        )
    }
}
