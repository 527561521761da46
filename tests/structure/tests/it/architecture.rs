//! The blocks of ARCHITECTURE.md that state a rule: their first word, arguments and lines.

/// A fenced block.
#[derive(Debug, PartialEq)]
pub(crate) struct Block<'a> {
    pub(crate) arguments: Vec<&'a str>,
    /// Each line that is not empty, as its words.
    pub(crate) lines: Vec<Vec<&'a str>>,
}

/// Lists the blocks of this kind, which is the first word behind the fence.
pub(crate) fn blocks<'a>(document: &'a str, kind: &str) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut words = info.split_whitespace();
        if words.next() == Some(kind) {
            let body = body.iter().map(|line| line.split_whitespace().collect::<Vec<_>>());
            blocks.push(Block {
                arguments: words.collect(),
                lines: body.filter(|words| !words.is_empty()).collect(),
            });
        }
    }
    blocks
}

/// Returns the lines of the only block of this kind.
pub(crate) fn block<'a>(document: &'a str, kind: &str) -> Result<Vec<Vec<&'a str>>, String> {
    let mut found = blocks(document, kind);
    match (found.pop(), found.is_empty()) {
        (Some(block), true) => Ok(block.lines),
        _ => Err(format!("ARCHITECTURE.md has to have exactly one block ```{kind}")),
    }
}

#[test]
fn a_block_is_found_by_its_kind() {
    let document = "Text\n```text\nfloors\n```\n```floors a/src\nlib\n\nb c\n```\n";
    let expected = Block { arguments: vec!["a/src"], lines: vec![vec!["lib"], vec!["b", "c"]] };
    assert_eq!(blocks(document, "floors"), [expected]);
    assert!(block(document, "libraries").is_err());
}
