//! `Table`: aligns the cells of lines in columns.

use console::{Alignment, measure_text_width, pad_str};

use super::printable;

/// The separator of columns.
const GAP: &str = "  ";

/// The minimum width of a column that is cut; a narrower one would show next to nothing.
const NARROWEST: usize = 6;

/// The widths of columns. The first lines determine them, because later lines can arrive after these are printed.
#[derive(Debug)]
pub(super) struct Table {
    widths: Vec<usize>,
    is_clipped: bool,
}

impl Table {
    /// A table that fits the widest cell of each column.
    pub(super) fn new(lines: &[Vec<String>]) -> Self {
        let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| measure_text_width(&printable(cell))).max().unwrap_or(0)
        };
        Self { widths: (0..columns).map(widest).collect(), is_clipped: false }
    }

    /// Limits the table to the width of a screen. The first column, which identifies the record, is never cut.
    /// The widest of the others are cut to the same width, and columns that still do not fit are left out.
    pub(super) fn fitted(mut self, screen: usize) -> Self {
        let Some((first, others)) = self.widths.split_first() else { return self };
        let room = screen.saturating_sub(*first);
        let most_columns = room / (NARROWEST + GAP.len());
        let others = &others[..others.len().min(most_columns)];
        let room = room.saturating_sub(others.len() * GAP.len());
        let taken = |cap: usize| others.iter().map(|width| *width.min(&cap)).sum::<usize>();
        let cap =
            (NARROWEST..=room.max(NARROWEST)).rev().find(|cap| taken(*cap) <= room).unwrap_or(NARROWEST);
        self.widths = std::iter::once(*first).chain(others.iter().map(|width| *width.min(&cap))).collect();
        self.is_clipped = true;
        self
    }

    /// The number of columns.
    pub(super) fn columns(&self) -> usize {
        self.widths.len()
    }

    /// Formats a line. A cell that does not fit ends in `…`.
    pub(super) fn line(&self, cells: &[String]) -> String {
        let cells = cells.iter().zip(&self.widths).map(|(cell, width)| {
            pad_str(&printable(cell), *width, Alignment::Left, self.is_clipped.then_some("…")).into_owned()
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(cells: &[&[&str]]) -> Vec<Vec<String>> {
        cells.iter().map(|line| line.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_aligned_whatever_the_width_of_the_letters() {
        let lines = lines(&[&["id", "Last_Name", "City"], &["1", "高橋", "Kyōto"], &["22", "O\nBrien", "-"]]);
        let table = Table::new(&lines);
        let printed: Vec<_> = lines.iter().map(|line| table.line(line)).collect();
        assert_eq!(printed, ["id  Last_Name  City", "1   高橋       Kyōto", "22  O\\nBrien   -"]);
    }

    #[test]
    fn a_table_fits_the_screen_and_keeps_its_first_column_whole() {
        let long = "x".repeat(60);
        let lines = lines(&[&["5725767000000524157", &long, "short", &long]]);
        for screen in 30..200 {
            let line = Table::new(&lines).fitted(screen).line(&lines[0]);
            assert!(measure_text_width(&line) <= screen, "{screen}: {line}");
            assert!(line.starts_with("5725767000000524157"), "{screen}: {line}");
        }
        let line = Table::new(&lines).fitted(80).line(&lines[0]);
        assert_eq!(measure_text_width(&line), 80, "{line}");
        assert!(line.contains("…  short  xxx") && line.ends_with('…'), "{line}");
    }

    #[test]
    fn columns_that_do_not_fit_are_left_out() {
        let lines = lines(&[&["1", "long enough", "long enough", "long enough"]]);
        let table = Table::new(&lines).fitted(20);
        assert_eq!((table.columns(), table.line(&lines[0]).as_str()), (3, "1  long e…  long e…"));
        assert_eq!(Table::new(&lines).fitted(1).line(&lines[0]), "1");
        assert_eq!(Table::new(&[]).fitted(80).line(&[]), "");
    }
}
