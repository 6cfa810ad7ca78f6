//! The rows of `tests/reference/queueing.csv`.

/// One figure to agree with.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub model: String,
    /// How many workers; `inf` for the limit of many.
    pub n: String,
    pub params: String,
    pub metric: String,
    /// A number, or `UNSTABLE`.
    pub value: String,
    uncertainty: String,
    kind: String,
}

/// All rows of `text`.
pub fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.unwrap();
        let field = |at: usize| record[at].to_owned();
        Row {
            id: field(0),
            model: field(1),
            n: field(2),
            params: field(3),
            metric: field(4),
            value: field(5),
            uncertainty: field(6),
            kind: field(7),
        }
    };
    reader.records().map(row).collect()
}

impl Row {
    /// What stands behind `key=`.
    ///
    /// # Panics
    /// If there is no such key: whoever asks has read the model.
    pub fn word(&self, key: &str) -> &str {
        let value = |word: &'_ str| word.strip_prefix(key)?.strip_prefix('=').map(str::len);
        let find = |word: &&str| value(word).is_some();
        let word = self.params.split(' ').find(find);
        let word = word.unwrap_or_else(|| panic!("{}: no {key} in '{}'", self.id, self.params));
        &word[key.len() + 1..]
    }

    /// The number behind `key=`.
    pub fn number(&self, key: &str) -> f64 {
        let word = self.word(key);
        word.parse().unwrap_or_else(|_| panic!("{}: {key} is '{word}'", self.id))
    }

    /// The figure itself; for `UNSTABLE` it is 1: the queues grow.
    pub fn figure(&self) -> f64 {
        if self.value == "UNSTABLE" { 1.0 } else { self.value.parse().unwrap() }
    }

    /// Whether the figure was itself measured.
    pub fn is_simulated(&self) -> bool {
        self.kind.starts_with("simulation") || self.kind.starts_with("paper")
    }

    /// What the row says of how exact it is; a published table says 1 %.
    pub fn width(&self) -> f64 {
        if self.uncertainty.starts_with("~1%") {
            return 0.01 * self.figure();
        }
        self.uncertainty.parse().unwrap_or_else(|_| panic!("{}: {}", self.id, self.uncertainty))
    }
}
