//! How it is shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::verdict::Verdict;

/// An own interval wider than this part of the value is marked.
const WIDE: f64 = 0.005;

/// Six significant digits.
fn short(value: f64) -> String {
    let whole = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let places = (5.0 - whole).clamp(0.0, 8.0) as usize;
    format!("{value:.places$}")
}

/// A row for each figure.
pub fn of(verdicts: &[Verdict]) -> String {
    let head = [
        "id",
        "model",
        "n",
        "params",
        "metric",
        "reference",
        "simulated",
        "±95 %",
        "±%",
        "packets",
        "deviation",
        "verdict",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(verdicts.iter().map(line));
    let widths: Vec<usize> = (0..head.len())
        .map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        for (at, field) in line.iter().enumerate() {
            let width = widths[at];
            // Names to the left, numbers to the right.
            let _ = match at {
                0 | 1 | 3 | 4 | 11 => write!(text, "{field:<width$}  "),
                _ => write!(text, "{field:>width$}  "),
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn line(verdict: &Verdict) -> [String; 12] {
    let check = &verdict.check;
    let own = 100.0 * verdict.own_width();
    let word = match (verdict.passes(), own > 100.0 * WIDE) {
        (false, _) => "FAIL",
        (true, false) => "pass",
        (true, true) => "pass, wide",
    };
    [
        check.id.clone(),
        cut(&check.model, 34),
        check.n.clone(),
        cut(&check.params, 52),
        cut(&check.metric, 18),
        short(check.value),
        short(verdict.simulated.mean),
        short(verdict.simulated.ci95),
        format!("{own:.2}"),
        format!("{:.1}M", verdict.packets as f64 / 1e6),
        format!("{:+.2}", verdict.deviation()),
        word.to_owned(),
    ]
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The largest deviation of each model.
pub fn by_model(verdicts: &[Verdict]) -> String {
    let mut models: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        models.entry(&verdict.check.model).or_default().push(verdict);
    }
    let mut text = "| model | figures | failed | wide | largest deviation |\n".to_owned();
    text.push_str("|---|---|---|---|---|\n");
    for (model, of_model) in models {
        let count = |what: &dyn Fn(&Verdict) -> bool| of_model.iter().filter(|v| what(v)).count();
        let failed = count(&|verdict| !verdict.passes());
        let wide = count(&|verdict| verdict.own_width() > WIDE);
        let far =
            |a: &&&Verdict, b: &&&Verdict| a.deviation().abs().total_cmp(&b.deviation().abs());
        let Some(far) = of_model.iter().max_by(far) else { continue };
        let (deviation, id) = (far.deviation(), &far.check.id);
        let figures = of_model.len();
        let _ =
            writeln!(text, "| {model} | {figures} | {failed} | {wide} | {deviation:+.2} ({id}) |");
    }
    text
}

/// Rows that cannot be expressed, by reason.
pub fn of_reasons(reasons: &[(String, String)]) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, reason) in reasons {
        groups.entry(reason).or_default().push(id);
    }
    let mut text = "not expressible:\n".to_owned();
    for (reason, ids) in groups {
        let _ = writeln!(text, "  {} rows: {reason}\n    {}", ids.len(), ids.join(" "));
    }
    text
}

/// The last line.
pub fn sum(verdicts: &[Verdict], not_expressible: usize) -> String {
    let failed = verdicts.iter().filter(|verdict| !verdict.passes()).count();
    let beyond = verdicts.iter().filter(|verdict| verdict.check.id.starts_with('B')).count();
    let (all, passed) = (verdicts.len(), verdicts.len() - failed);
    let rows = all - beyond;
    format!(
        "{all} figures checked ({rows} reference rows, {beyond} others): {passed} passed, \
         {failed} failed; {not_expressible} reference rows not expressible"
    )
}
