//! Energy and heat in words, for the table and the picture alike: what is modelled is called so
//! wherever it stands.

use super::{remarks, units};
use crate::sorting;
use crate::summary::{EnergyFigures, Summary, ThermalFigures, ThrottleSign, ZoneFigures};

/// Mean power: `4.91 W (model)`; nothing where it is not known.
pub(super) fn power(summary: &Summary) -> Option<String> {
    let energy = summary.energy.as_ref()?;
    Some(format!("{}{}", units::power(energy.watts_mean), mark(energy)))
}

/// What a packet of a class cost, and whether that is a model: `0.31 mJ a packet (model)`.
pub(super) fn per_packet(energy: &EnergyFigures) -> Option<String> {
    let how = match energy.is_modelled() {
        true => "model",
        false => "split by model",
    };
    Some(format!("{} a packet ({how})", units::energy(energy.joules_per_packet?)))
}

fn mark(energy: &EnergyFigures) -> &'static str {
    if energy.is_modelled() { " (model)" } else { "" }
}

/// The energy of the whole run, where it comes from and how sure it is.
pub(super) fn energy_line(summary: &Summary) -> Option<String> {
    let energy = summary.energy.as_ref()?;
    let each =
        energy.joules_per_packet.map(|joules| format!(", {} a packet", units::energy(joules)));
    Some(format!(
        "energy: {}{}, {} by {}, {}",
        units::energy(energy.joules),
        each.unwrap_or_default(),
        units::power(energy.watts_mean),
        remarks::one_line(&energy.source),
        give_or_take(energy.uncertainty),
    ))
}

/// How far from it the truth may be: `± 30.0 % of it`. Beyond that, what is meant is a factor: no
/// energy is below zero.
pub(super) fn give_or_take(uncertainty: f64) -> String {
    if uncertainty < 1.0 {
        return format!("± {} of it", units::percent(uncertainty));
    }
    format!("within a factor of {:.1}", 1.0 + uncertainty)
}

/// How the classes' part of it was found; nothing where no class has one.
pub(super) fn split_line(summary: &Summary) -> Option<String> {
    let energy = summary.classes.iter().find_map(|class| class.energy.as_ref())?;
    let shared = summary.energy.as_ref()?.shared_joules?;
    Some(format!(
        "energy of a class: what its workers added to idle; {}, {}; {} are no class's",
        remarks::one_line(&energy.source),
        give_or_take(energy.uncertainty),
        units::energy(shared)
    ))
}

/// The zones that a reader looks for first: those of CPUs, hottest first.
pub(super) fn hottest(thermal: &ThermalFigures) -> Vec<(usize, &ZoneFigures)> {
    let mut zones: Vec<_> = thermal.zones.iter().enumerate().collect();
    let celsius = |zone: &ZoneFigures| zone.celsius_max.unwrap_or(f64::NEG_INFINITY);
    let is_known = |(_, zone): &(usize, &ZoneFigures)| zone.celsius_max.is_some();
    zones.retain(is_known);
    sorting::sort_by(&mut zones, |(_, a), (_, b)| celsius(b).total_cmp(&celsius(a)));
    zones
}

/// Temperatures and what was done about them, a line each.
pub(super) fn thermal_lines(summary: &Summary) -> Vec<String> {
    let Some(thermal) = &summary.thermal else { return Vec::new() };
    let mut lines = Vec::new();
    let zones = hottest(thermal);
    let shown = zones.iter().take(4).map(|(_, zone)| {
        format!("{} {:.1} °C", remarks::one_line(&zone.name), zone.celsius_max.unwrap_or(f64::NAN))
    });
    if !zones.is_empty() {
        lines.push(format!("highest temperatures: {}", shown.collect::<Vec<_>>().join(", ")));
    }
    if let Some(limit_c) = thermal.limit_c {
        let why = remarks::one_line(&thermal.limit_source);
        let relieved = match thermal.relieved_s > 0.0 {
            true => {
                let least = units::percent(thermal.least_factor);
                format!("relieved for {}, down to {least}", units::length(thermal.relieved_s))
            }
            false => "no core was relieved".to_owned(),
        };
        let equally = match thermal.equally_hot_s > 0.0 {
            true => format!("; all cores equally hot for {}", units::length(thermal.equally_hot_s)),
            false => String::new(),
        };
        lines.push(format!("thermal limit: {limit_c:.1} °C ({why}); {relieved}{equally}"));
    }
    if thermal.signs_are_told {
        let before = match thermal.signs_before.is_empty() {
            true => String::new(),
            false => format!("; before: {}", names(&thermal.signs_before)),
        };
        let during = match thermal.signs_during.is_empty() {
            true => "no sign".to_owned(),
            false => names(&thermal.signs_during),
        };
        lines.push(format!("throttling: {during} in this run{before}"));
    }
    lines
}

/// Remarks where the machine slowed its cores down, and where it could not be helped. Both are
/// often so at once: the first tells what was seen, the second what helps.
pub(super) fn heat(summary: &Summary) -> Vec<String> {
    let Some(thermal) = &summary.thermal else { return Vec::new() };
    let signs = (!thermal.signs_during.is_empty())
        .then(|| format!("the board reported: {}", names(&thermal.signs_during)));
    let hot = (thermal.equally_hot_s > 0.0).then(|| {
        let hot = units::length(thermal.equally_hot_s);
        format!("all cores equally near the thermal limit for {hot}: only less load or more cooling helps")
    });
    signs.into_iter().chain(hot).collect()
}

fn names(signs: &[ThrottleSign]) -> String {
    signs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_model_is_called_one_wherever_it_stands() {
        let mut summary = samples::on_a_board(samples::hybrid(4, 0, 4));
        assert!(power(&summary).unwrap().ends_with(" W (model)"));
        assert!(energy_line(&summary).unwrap().contains("by model (rk3588)"));
        assert!(split_line(&summary).unwrap().contains("model (rk3588), ± 50.0 % of it"));
        assert_eq!(give_or_take(2.0), "within a factor of 3.0");
        let class = summary.classes[0].energy.as_ref().unwrap();
        assert!(per_packet(class).unwrap().ends_with(" a packet (model)"));
        summary.energy.as_mut().unwrap().source = "RAPL".into();
        summary.classes[0].energy.as_mut().unwrap().source = "measured total (RAPL), split".into();
        assert!(!power(&summary).unwrap().contains("model"));
        let class = summary.classes[0].energy.as_ref().unwrap();
        assert!(per_packet(class).unwrap().ends_with(" a packet (split by model)"));
    }

    #[test]
    fn throttling_is_a_remark_and_calm_is_none() {
        let mut summary = samples::on_a_board(samples::hybrid(1, 0, 1));
        assert_eq!(heat(&summary), ["the board reported: undervoltage"]);
        summary.thermal.as_mut().unwrap().equally_hot_s = 12.0;
        // Who is too hot is often throttled as well: one does not stand for the other.
        let both = heat(&summary);
        assert!(both[0].contains("undervoltage") && both[1].contains("for 12.0 s: only less load"));
        let lines = thermal_lines(&summary).join("\n");
        assert!(lines.contains("; all cores equally hot for 12.0 s\n"), "{lines}");
        let thermal = summary.thermal.as_mut().unwrap();
        thermal.signs_during.clear();
        assert_eq!(heat(&summary).len(), 1);
        summary.thermal.as_mut().unwrap().equally_hot_s = 0.0;
        assert_eq!(heat(&summary), Vec::<String>::new());
        assert!(!thermal_lines(&summary).join("\n").contains("equally hot"));
        assert_eq!(heat(&samples::hybrid(1, 0, 1)), Vec::<String>::new());
        assert_eq!(thermal_lines(&samples::hybrid(1, 0, 1)), Vec::<String>::new());
    }
}
