//! `docs/benchmarks.md` and `docs/benchmarks/results.md`, as `--write` renews them: a table that a user can read, and all
//! that was measured.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::report::{Report, Row};

const PAGE: &str = "docs/benchmarks.md";
const RESULTS: &str = "docs/benchmarks/results.md";
/// What surrounds the part of the page that is written.
const MARKS: [&str; 2] = ["<!-- written by cargo xtask bench --write -->\n", "<!-- end -->\n"];

/// The rows of the page's table, each with the beginnings of the part's heading and of the row in the report, and the page's
/// words for the row and for what it is compared with.
const CHOICES: &str = include_str!("../summary.txt");

/// Writes both files below `workspace`.
pub(crate) fn write(report: &Report, workspace: &Path) -> Outcome {
    let page = workspace.join(PAGE);
    let text = replaced(&fs::read_to_string(&page)?, &format!("{}\n{}", report.head, table(report.rows())))?;
    fs::write(page, text)?;
    let results = format!("# Results of the benchmarks\n\n[What they mean](../benchmarks.md).\n\n{report}");
    Ok(fs::write(workspace.join(RESULTS), results)?)
}

/// Puts `written` between the marks of a page.
fn replaced(page: &str, written: &str) -> Outcome<String> {
    let parts =
        page.split_once(MARKS[0]).and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} lacks the marks of what is written"))?;
    Ok(format!("{before}{}\n{written}\n{}{after}", MARKS[0], MARKS[1]))
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "| what | this project | compared with | | ratio | limit | |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for [part, what, label, other] in choices() {
        let is_chosen = |row: &&Row| row.part.starts_with(part) && row.cells[0].starts_with(what);
        let Some(row) = rows.iter().find(is_chosen) else {
            crate::say(&format!("not measured, and so not on the page: {label}"));
            continue;
        };
        let [_, product, compared, ratio, limit] = row.cells.each_ref().map(|cell| median(cell));
        let cells = [label, product, other, compared, ratio, limit, row.mark()];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

fn choices() -> impl Iterator<Item = [&'static str; 4]> {
    CHOICES.lines().filter_map(|line| {
        let mut words = line.split('|').map(str::trim);
        Some([words.next()?, words.next()?, words.next()?, words.next()?])
    })
}

/// Leaves out the quartiles.
fn median(cell: &str) -> &str {
    cell.split(" (").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let [from, to] = MARKS;
        let page = format!("before\n{from}old\n{to}after\n");
        assert_eq!(replaced(&page, "new").unwrap(), format!("before\n{from}\nnew\n{to}after\n"));
        assert!(replaced("no marks", "new").is_err());
    }

    #[test]
    fn the_committed_page_can_be_written() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(replaced(&fs::read_to_string(workspace.join(PAGE)).unwrap(), "").is_ok());
    }

    #[test]
    fn every_row_of_the_page_is_chosen_completely() {
        assert_eq!(choices().count(), CHOICES.lines().count());
    }

    #[test]
    fn a_median_is_shown_without_its_quartiles() {
        assert_eq!(median("157 ns (147 ns-173 ns)"), "157 ns");
        assert_eq!(median("at most 200 ns"), "at most 200 ns");
    }
}
