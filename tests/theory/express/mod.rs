//! From a row to a scene and a figure of it, or why there is none.

mod dispatch;
mod queues;

use super::reference::Row;
use super::scene::Scene;

/// Which figure of a simulation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    Mean,
    P50,
    P95,
    P99,
    /// The part of the packets that had to wait.
    Waited,
    /// The part of the packets that the first half of the workers had.
    FirstHalf,
    /// Whether the queues went on growing: 1 or 0.
    Unstable,
}

/// What the figure is of.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    Run(Scene),
    /// The limit of many workers, 2 T(2n) − T(n): what n workers are off by falls as 1/n, so the
    /// limit is as far behind the second scene as the second is behind the first.
    Limit(Scene, Scene),
}

/// What becomes of a row.
pub enum Expressed {
    As(Subject, Figure),
    Not(&'static str),
}

/// A figure to be compared.
#[derive(Clone, Debug)]
pub struct Check {
    pub id: String,
    pub model: String,
    pub n: String,
    pub params: String,
    pub metric: String,
    pub value: f64,
    /// How exact the value is.
    pub width: f64,
    /// Whether the value was itself measured, `width` being its 95 % interval.
    pub is_simulated: bool,
    pub subject: Subject,
    pub figure: Figure,
}

impl Check {
    pub fn of(row: &Row, subject: Subject, figure: Figure) -> Check {
        Check {
            id: row.id.clone(),
            model: row.model.clone(),
            n: row.n.clone(),
            params: row.params.clone(),
            metric: row.metric.clone(),
            value: row.figure(),
            width: row.width(),
            is_simulated: row.is_simulated(),
            subject,
            figure,
        }
    }
}

pub const APPROXIMATION: &str = "an approximation from memory, not a value: the rows of the same model with m queues are \
     simulated instead";
pub const INPUT: &str =
    "what goes into the split, not what comes out: compared with the closed form alone";
pub const NO_MEAN: &str = "the load is more than the slow workers can do, so the figure hangs on how long was \
     simulated; that the queues grow is checked at P0160";
pub const NO_RULE: &str = "the row does not say how the rule adds utilization to delay";
pub const RARE: &str = "fewer than one packet in a thousand waits, in a few bursts: an affordable run sees too few \
     of them to be sure of its own interval; mean and percentile of the same queue are checked";
fn run(scene: Scene, figure: Figure) -> Expressed {
    Expressed::As(Subject::Run(scene), figure)
}

/// The figure that most rows name.
fn usual_figure(row: &Row) -> Figure {
    match row.metric.as_str() {
        "p50 sojourn" => Figure::P50,
        "p95 sojourn" => Figure::P95,
        "p99 sojourn" => Figure::P99,
        "P(wait) ErlangC" => Figure::Waited,
        metric if metric.starts_with("share to fast") => Figure::FirstHalf,
        metric if metric.starts_with("E[T]") => Figure::Mean,
        metric => panic!("{}: what is {metric}?", row.id),
    }
}

/// What becomes of `row`.
///
/// # Panics
/// If nobody knows its model: a new row must be read by somebody.
pub fn express(row: &Row) -> Expressed {
    let model = row.model.as_str();
    let starts = |with: &str| model.starts_with(with);
    if starts("p2c mean-field") || starts("power-of-2 heterogeneous") {
        dispatch::limit(row)
    } else if starts("M/M/c") || starts("M/G/1") || starts("M/D/1") || starts("Round robin") {
        queues::one_model(row)
    } else if starts("Bell-Stidham") {
        queues::split(row)
    } else if starts("JIQ-Random mean-field") {
        Expressed::Not(APPROXIMATION)
    } else if starts("JIQ-Random") {
        dispatch::idle_queues(row)
    } else if model.contains("exact CTMC") {
        queues::chain(row)
    } else if starts("power-of-d") || starts("Mitzenmacher published") {
        dispatch::draws(row)
    } else if starts("periodic-update") {
        dispatch::stale(row)
    } else {
        dispatch::study(row)
    }
}
