//! What was found, as a table, and the arithmetic of rounds.

/// A table with a title and a note on how it was measured.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    rows: Vec<[String; 3]>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// Adds what was measured, its figure, and what else is known of it.
    pub(crate) fn row(&mut self, what: &str, figure: impl Into<String>, more: impl Into<String>) {
        self.rows
            .push([what.to_owned(), figure.into(), more.into()]);
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("\n{}", self.title);
        let width = |at: usize| self.rows.iter().map(|row| row[at].chars().count()).max();
        let (first, second) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
        for [what, figure, more] in &self.rows {
            println!("  {what:<first$}  {figure:>second$}  {more}");
        }
    }
}

/// The middle of some figures.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A rate as people read it.
pub(crate) fn per_second(rate: f64) -> String {
    let whole = format!("{rate:.0}");
    let digits = whole.len();
    let grouped = whole
        .chars()
        .enumerate()
        .fold(String::new(), |mut text, (at, digit)| {
            if at > 0 && (digits - at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
            text
        });
    format!("{grouped}/s")
}

/// Peak memory as people read it.
pub(crate) fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "peak memory unknown".to_owned(),
        |bytes| format!("peak {:.0} MiB", bytes as f64 / 1_048_576.0),
    )
}

/// The median of the ratios of pairs, and their span.
pub(crate) fn ratio(pairs: &[(f64, f64)]) -> String {
    let ratios: Vec<f64> = pairs.iter().map(|(ours, theirs)| ours / theirs).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    format!(
        "{:.2} ({least:.2} to {most:.2})",
        median(ratios.iter().copied())
    )
}
