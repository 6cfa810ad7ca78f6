//! Energy as a table: what each policy draws by the model, and whether it holds its target.

use super::summary::{grid, plain};
use crate::report::figures;
use crate::study::{Cell, CellEnergy, Study};

const HEADS: [&str; 7] = [
    "setting",
    "policy",
    "mJ/packet",
    "board W",
    "cores W above idle",
    "active workers",
    "p99 and target",
];

/// The section; nothing where no energy was worked out.
pub(super) fn text(study: &Study) -> String {
    let cells = study.cells.iter();
    let rows: Vec<_> =
        cells.filter_map(|cell| Some(row(study, cell, cell.energy.as_ref()?))).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Energy, by a model\n\nNothing here was measured: joules are worked out from how long \
         each worker was busy and active. `NAME:energy` is the policy NAME with as few workers \
         active as hold the target; without it all are.\n\n{}\n",
        grid(&HEADS.map(Into::into), rows.into_iter())
    )
}

fn row(study: &Study, cell: &Cell, energy: &CellEnergy) -> Vec<String> {
    let setting = study.settings.get(cell.setting).map_or("", |setting| &setting.name);
    let milli = |joules: crate::interval::Interval| crate::interval::Interval {
        mean: 1e3 * joules.mean,
        ci95: 1e3 * joules.ci95,
    };
    let slo = energy.latency_slo;
    let held = if cell.p99.mean <= slo { "held" } else { "NOT held" };
    vec![
        plain(setting),
        plain(&cell.policy),
        figures::with_interval(milli(energy.joules_per_packet)),
        figures::short(energy.watts_mean.mean),
        figures::short(energy.core_watts_mean.mean),
        figures::short(energy.active_mean.mean),
        format!("{} of {}, {held}", figures::short(cell.p99.mean), figures::short(slo)),
    ]
}
