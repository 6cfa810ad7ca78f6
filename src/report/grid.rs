//! Columns of text, aligned: all that a terminal's table needs.

/// A table under construction. Text columns are flush left, figures flush right.
pub(super) struct Grid {
    heads: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

/// To which side a column is flush.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    /// Words.
    Left,
    /// Figures.
    Right,
}

impl Grid {
    pub(super) fn new(heads: &[(&'static str, Side)]) -> Self {
        Grid { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a line with a cell a column.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.heads.len());
        self.rows.push(cells);
    }

    /// The table with its heads, two blanks between columns, none at the end of a line.
    pub(super) fn render(&self) -> String {
        let heads: Vec<_> = self.heads.iter().map(|(head, _)| (*head).to_owned()).collect();
        let widths: Vec<usize> = (0..heads.len()).map(|column| self.width(column)).collect();
        let mut text = String::new();
        for cells in std::iter::once(&heads).chain(&self.rows) {
            text += self.line(cells, &widths).trim_end();
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].chars().count());
        cells.fold(self.heads[column].0.chars().count(), usize::max)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let aligned = cells.iter().zip(widths).zip(&self.heads).map(
            |((cell, width), (_, side))| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            },
        );
        aligned.collect::<Vec<_>>().join("  ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters_not_bytes() {
        let mut grid = Grid::new(&[("name", Side::Left), ("time", Side::Right)]);
        grid.row(vec!["a".into(), "1.00 µs".into()]);
        grid.row(vec!["performance".into(), "12.0 ms".into()]);
        assert_eq!(
            grid.render(),
            "name            time\n\
             a            1.00 µs\n\
             performance  12.0 ms\n"
        );
    }
}
