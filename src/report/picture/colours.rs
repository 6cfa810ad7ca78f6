//! Colours that people with any colour vision can tell apart.

use plotters::style::RGBColor;

use crate::class::Class;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(32, 32, 32);
/// Text of second rank.
pub(super) const PALE_INK: RGBColor = RGBColor(90, 90, 90);
/// Lines behind the figures.
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
/// What a reader must not miss: Okabe and Ito's vermilion, darkened for text.
pub(super) const WARNING: RGBColor = RGBColor(168, 72, 0);
/// A cell whose value is not known.
pub(super) const UNKNOWN: RGBColor = RGBColor(200, 200, 200);

/// The colour of a class, from the palette of Okabe and Ito ("Color Universal Design", 2008).
pub(super) fn class(class: Class) -> RGBColor {
    match class {
        Class::Uniform | Class::Performance => RGBColor(0, 114, 178),
        Class::Efficiency => RGBColor(230, 159, 0),
        Class::Middle(number) => match number % 3 {
            2 => RGBColor(204, 121, 167),
            _ if number > 2 => RGBColor(86, 180, 233),
            _ => RGBColor(0, 158, 115),
        },
    }
}

/// The scale of the heat map from idle (pale) to busy (dark): points of one path whose
/// lightness falls evenly, from pale yellow over green to dark blue, so that it can also be
/// read in grey.
const HEAT: [(u8, u8, u8); 9] = [
    (255, 255, 229),
    (237, 248, 188),
    (204, 235, 180),
    (140, 210, 185),
    (74, 184, 194),
    (34, 148, 192),
    (33, 101, 170),
    (36, 57, 144),
    (8, 24, 78),
];

/// The colour of a utilization (0 to 1, clamped); grey where it is no number.
pub(super) fn heat(utilization: f32) -> RGBColor {
    if !utilization.is_finite() {
        return UNKNOWN;
    }
    let at = utilization.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let below = (at as usize).min(HEAT.len() - 2);
    let (low, high, part) = (HEAT[below], HEAT[below + 1], at - below as f32);
    let mix = |low: u8, high: u8| (f32::from(low) * (1.0 - part) + f32::from(high) * part) as u8;
    RGBColor(mix(low.0, high.0), mix(low.1, high.1), mix(low.2, high.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busier_is_darker_all_the_way() {
        let grey =
            |RGBColor(r, g, b)| 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b);
        let greys: Vec<f32> = (0..=50).map(|step| grey(heat(step as f32 / 50.0))).collect();
        assert!(greys.windows(2).all(|pair| pair[1] < pair[0] + 0.5), "{greys:?}");
        assert_eq!(heat(f32::NAN), UNKNOWN);
        assert_eq!(heat(7.0), heat(1.0));
    }

    #[test]
    fn classes_of_one_machine_have_colours_of_their_own() {
        let classes = [
            Class::Performance,
            Class::Middle(1),
            Class::Middle(2),
            Class::Middle(3),
            Class::Efficiency,
        ];
        for (index, one) in classes.iter().enumerate() {
            assert!(classes[..index].iter().all(|other| class(*other) != class(*one)));
        }
    }
}
