//! Tables: columns that line up, a faint head, no boxes. Numbers stand right.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use engine::error::bounded;

use super::tone::{Tone, paint};
use super::{Screen, safe};

/// Below this many columns a table is not wrapped: its cells would be letters.
const NARROWEST: u16 = 20;

/// A table being filled.
pub(crate) struct Grid {
    table: Table,
    right: Vec<bool>,
}

/// A column's head, and on which side its cells stand.
#[derive(Clone, Copy)]
pub(crate) enum Head {
    /// Text.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

/// A cell: text, which may come from anywhere, and what it is.
pub(crate) struct Field(String, Tone);

impl Grid {
    /// An empty table with these columns.
    pub(crate) fn new(screen: &Screen, heads: &[Head]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        // A terminal that names no width (0) is none to fit into.
        if let Some(width) = screen.width.filter(|width| *width >= NARROWEST) {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        let right = heads.iter().map(|head| matches!(head, Head::Right(_))).collect();
        let mut grid = Self { table, right };
        let head = grid.cells(heads.iter().map(|head| {
            let (Head::Left(text) | Head::Right(text)) = head;
            Field((*text).to_owned(), Tone::Faint)
        }));
        // A table without any head keeps no empty line for it.
        if heads.iter().any(|head| !matches!(head, Head::Left("") | Head::Right(""))) {
            grid.table.set_header(head);
        }
        grid
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, fields: impl IntoIterator<Item = Field>) {
        let cells = self.cells(fields);
        self.table.add_row(cells);
    }

    fn cells(&self, fields: impl IntoIterator<Item = Field>) -> Vec<Cell> {
        let place = |right: bool| if right { CellAlignment::Right } else { CellAlignment::Left };
        fields
            .into_iter()
            .zip(&self.right)
            .map(|(Field(text, tone), right)| {
                // A styled nothing would keep the line from being trimmed.
                let shown = if text.is_empty() { text } else { paint(tone, &text) };
                Cell::new(shown).set_alignment(place(*right))
            })
            .collect()
    }

    /// The table as text, with a line break after each row.
    pub(crate) fn text(mut self) -> String {
        let last = self.table.column_count().saturating_sub(1);
        for (index, column) in self.table.column_iter_mut().enumerate() {
            column.set_padding((0, if index == last { 0 } else { 2 }));
        }
        let mut text = String::new();
        for line in self.table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Ordinary text.
pub(crate) fn cell(text: impl AsRef<str>) -> Field {
    toned(Tone::Plain, text)
}

/// Text of this kind.
pub(crate) fn toned(tone: Tone, text: impl AsRef<str>) -> Field {
    Field(safe(text.as_ref()), tone)
}

/// A sentence: text that may be longer than a name.
pub(crate) fn sentence(text: impl AsRef<str>) -> Field {
    Field(bounded(text.as_ref(), 600), Tone::Plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{pipe, plain};
    use super::*;

    #[test]
    fn columns_line_up_and_hostile_text_cannot_break_them() {
        let mut grid = Grid::new(&pipe(), &[Head::Left("model"), Head::Right("before"), Head::Left("per")]);
        grid.row([cell("a\u{1b}[2Jb\nc"), cell("1.00"), cell("1M tokens")]);
        grid.row([toned(Tone::Bad, "gpt"), cell("12.50"), cell("")]);
        insta::assert_snapshot!(plain(&grid.text()), @r"
        model     before  per
        a [2Jb c    1.00  1M tokens
        gpt        12.50
        ");
    }

    #[test]
    fn a_narrow_terminal_wraps_instead_of_spilling() {
        let narrow = Screen { width: Some(24), ..pipe() };
        let mut grid = Grid::new(&narrow, &[Head::Left("model"), Head::Left("message")]);
        grid.row([cell("gpt"), cell("a sentence that is longer than this")]);
        assert!(plain(&grid.text()).lines().all(|line| line.chars().count() <= 24));
    }
}
