//! Where the packets went: by class, and by worker where these are few.

use super::summary::{grid, plain};
use crate::report::units;
use crate::study::{Cell, Setting, Study};

/// With more workers, their classes alone are shown.
const WORKERS_MAX: usize = 64;
/// Classes that have columns.
const CLASSES_MAX: usize = 8;

/// The tables of a setting; empty where no worker was measured.
pub(super) fn text(study: &Study, setting: usize) -> String {
    let of = &study.settings[setting];
    let cells: Vec<&Cell> =
        study.cells_of(setting).filter(|cell| !cell.utilization.is_empty()).collect();
    if cells.is_empty() || of.workers() == 0 {
        return String::new();
    }
    let mut text = format!("### {}\n\n{}\n", plain(&of.name), by_class(of, &cells));
    if of.workers() <= WORKERS_MAX {
        text += &by_worker(of, &cells);
    } else {
        let workers = units::count(of.workers() as u64);
        text += &format!("{workers} workers: more than {WORKERS_MAX} are not listed one by one.\n");
    }
    text + "\n"
}

fn by_class(setting: &Setting, cells: &[&Cell]) -> String {
    let classes = &setting.classes[..setting.classes.len().min(CLASSES_MAX)];
    let mut heads = vec!["policy".to_owned()];
    for class in classes {
        let name = plain(&class.name);
        heads.push(format!("{name} × {}: share", class.workers.len()));
        heads.push(format!("{name}: utilization"));
    }
    let row = |cell: &&Cell| {
        let figures = classes.iter().flat_map(|class| {
            [cell.share_of(&class.workers), cell.utilization_of(&class.workers)].map(units::percent)
        });
        std::iter::once(plain(&cell.policy)).chain(figures).collect::<Vec<_>>()
    };
    let mut table = grid(&heads, cells.iter().map(row).chain([capacities(setting)]));
    if setting.classes.len() > CLASSES_MAX {
        table +=
            &format!("\n{} more classes are not shown.\n", setting.classes.len() - CLASSES_MAX);
    }
    table
}

/// The last row: what each class can do of all.
fn capacities(setting: &Setting) -> Vec<String> {
    let of = |class: &crate::study::SettingClass| class.speed * class.workers.len() as f64;
    let all: f64 = setting.classes.iter().map(of).sum();
    let parts = setting.classes.iter().take(CLASSES_MAX).flat_map(|class| {
        let part = if all > 0.0 { units::percent(of(class) / all) } else { "–".into() };
        [part, String::new()]
    });
    std::iter::once("*capacity*".to_owned()).chain(parts).collect()
}

/// Folded, as it is long: a row a worker, a column a policy.
fn by_worker(setting: &Setting, cells: &[&Cell]) -> String {
    let mut heads = vec!["worker".to_owned(), "class".to_owned()];
    heads.extend(cells.iter().map(|cell| plain(&cell.policy)));
    let rows = setting.classes.iter().flat_map(|class| {
        class.workers.iter().map(|worker| {
            let of = |cell: &&Cell| {
                let one = [*worker];
                let (share, busy) = (cell.share_of(&one), cell.utilization_of(&one));
                format!("{:.1} / {:.0}", 100.0 * share, 100.0 * busy)
            };
            let mut row = vec![worker.to_string(), plain(&class.name)];
            row.extend(cells.iter().map(of));
            row
        })
    });
    let table = grid(&heads, rows);
    format!(
        "\n<details><summary>Each worker: share / utilization, %</summary>\n\n{table}\n</details>\n"
    )
}
