//! The table that people read: a group for each work and shape, a line for each side.

use crate::rows::Row;
use crate::spread::Spread;

/// Each side's pace is divided by this one's.
const REFERENCE: &str = "engine";

/// Prints the medians of all rounds, in the order in which the sides came.
pub fn print(rows: &[Row]) {
    let mut heads: Vec<&Row> = Vec::new();
    for row in rows {
        if !heads.iter().any(|head| head.is_beside(row)) {
            heads.push(row);
            print_group(rows, row);
        }
    }
    let lost: i64 = rows.iter().map(|row| row.lost.abs()).sum();
    println!("\npackets lost: {lost}");
}

fn print_group(rows: &[Row], head: &Row) {
    let load = head.load.map_or(String::new(), |load| format!(", load {load}"));
    println!("\nwork {}, {}{load}", head.work, head.shape);
    println!(
        "{:<15}{:<25}{:<21}{:>9}{:>28}   pace of {REFERENCE}'s",
        "", "M packets/s", "CPU ns/packet", "overhead", "wait p50/p99/p999 µs"
    );
    let group: Vec<&Row> = rows.iter().filter(|row| row.is_beside(head)).collect();
    let mut names: Vec<&str> = Vec::new();
    for row in &group {
        if !names.contains(&row.engine) {
            names.push(row.engine);
            print_side(&group, row.engine);
        }
    }
}

fn print_side(group: &[&Row], engine: &str) {
    let own: Vec<&Row> = group.iter().copied().filter(|row| row.engine == engine).collect();
    let of = |figure: &dyn Fn(&Row) -> f64| Spread::of(own.iter().map(|row| figure(row)).collect());
    let pace = of(&|row| row.packets_per_s / 1e6);
    let digits = if pace.median() < 1.0 { 4 } else { 2 };
    let cpu = of(&|row| row.cpu_ns_per_packet);
    let overhead = of(&|row| row.cpu_ns_per_packet - row.work_ns_per_packet);
    println!(
        "{engine:<15}{:<25}{:<21}{:>9.0}{:>28}   {}",
        pace.show(digits),
        cpu.show(0),
        overhead.median(),
        waits(&own),
        ratio(group, &own),
    );
}

fn waits(own: &[&Row]) -> String {
    let median = |figure: fn(&Row) -> Option<u64>| {
        let figures: Option<Vec<f64>> =
            own.iter().map(|row| figure(row).map(|ns| ns as f64 / 1e3)).collect();
        figures.map(|figures| Spread::of(figures).median())
    };
    let [p50, p99, p999] = [
        median(|row| row.wait_p50_ns),
        median(|row| row.wait_p99_ns),
        median(|row| row.wait_p999_ns),
    ];
    match (p50, p99, p999) {
        (Some(p50), Some(p99), Some(p999)) => format!("{p50:.1}/{p99:.0}/{p999:.0}"),
        _ => "–".to_owned(),
    }
}

/// The median of the ratios within each round: rounds differ more than sides within one.
fn ratio(group: &[&Row], own: &[&Row]) -> String {
    let ratios: Vec<f64> = own
        .iter()
        .filter_map(|row| {
            let same = |other: &&&Row| other.engine == REFERENCE && other.round == row.round;
            let reference = group.iter().find(same)?;
            Some(row.packets_per_s / reference.packets_per_s)
        })
        .collect();
    if ratios.is_empty() { "–".to_owned() } else { Spread::of(ratios).show(3) }
}
