//! The median of some rounds' figures, with the least and the most beside it.

/// See the head of this file.
pub struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let last = figures.len() - 1;
        Spread { least: figures[0], median: figures[last / 2], most: figures[last] }
    }

    /// The one in the middle.
    pub fn median(&self) -> f64 {
        self.median
    }

    /// `median (least–most)` with so many digits behind the point.
    pub fn show(&self, digits: usize) -> String {
        let (least, most) = (self.least, self.most);
        let median = self.median();
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}
