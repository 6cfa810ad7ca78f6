//! How a policy looks: colour, dashes, marker.

use std::f64::consts::FRAC_1_SQRT_2;

use plotters::style::RGBColor;

use crate::report::picture::colours;

/// The palette of Okabe and Ito ("Color Universal Design", 2008) without yellow, which is not
/// seen as a line on white.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    colours::INK,
];

/// Ink and gap in pixels, in turns; empty for a solid line.
const DASHES: [&[f64]; 4] = [&[], &[16.0, 8.0], &[3.0, 6.0], &[18.0, 6.0, 3.0, 6.0]];

/// The outline of a marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
    Cross,
    Plus,
}

const SHAPES: [Shape; 7] = [
    Shape::Circle,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Wedge,
    Shape::Cross,
    Shape::Plus,
];

/// Colour, dashes and marker of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) colour: RGBColor,
    pub(super) dash: &'static [f64],
    pub(super) shape: Shape,
    /// White inside: the second time a colour is used. Crosses have no inside.
    pub(super) is_hollow: bool,
}

impl Mark {
    /// The mark of the `number`-th policy of a study. The first 28 are all different.
    pub(super) fn of(number: usize) -> Mark {
        let round = number / COLOURS.len();
        // Shifted, so that neither colour nor shape alone must tell two policies apart.
        let shape = SHAPES[(number + 3 * round) % SHAPES.len()];
        Mark {
            colour: COLOURS[number % COLOURS.len()],
            dash: DASHES[round % DASHES.len()],
            shape,
            is_hollow: round % 2 == 1 && !matches!(shape, Shape::Cross | Shape::Plus),
        }
    }
}

impl Shape {
    /// Whether a point lies inside the marker of radius 1 around the origin.
    pub(super) fn holds(self, x: f64, y: f64) -> bool {
        let arms = |x: f64, y: f64| x.abs().min(y.abs()) <= 0.3 && x.abs().max(y.abs()) <= 1.05;
        match self {
            Shape::Circle => x * x + y * y <= 1.0,
            Shape::Square => x.abs().max(y.abs()) <= 0.88,
            Shape::Diamond => x.abs() + y.abs() <= 1.2,
            Shape::Triangle => y <= 0.8 && x.abs() <= (y + 1.1) * 0.58,
            Shape::Wedge => y >= -0.8 && x.abs() <= (1.1 - y) * 0.58,
            Shape::Plus => arms(x, y),
            Shape::Cross => arms((x + y) * FRAC_1_SQRT_2, (x - y) * FRAC_1_SQRT_2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_policies_look_alike() {
        let marks: Vec<Mark> = (0..28).map(Mark::of).collect();
        for (at, one) in marks.iter().enumerate() {
            let alike = |other: &&Mark| {
                let same = [one.colour == other.colour, one.dash == other.dash];
                let shape = one.shape == other.shape && one.is_hollow == other.is_hollow;
                same.iter().chain([&shape]).filter(|same| **same).count() > 1
            };
            assert_eq!(marks[..at].iter().find(alike), None, "{at}");
        }
    }

    #[test]
    fn markers_are_about_equally_large() {
        for shape in SHAPES {
            let grid = || (-20..=20).map(|at| f64::from(at) / 16.0);
            let inside = grid().flat_map(|x| grid().map(move |y| (x, y)));
            let area = inside.filter(|(x, y)| shape.holds(*x, *y)).count();
            assert!((500..900).contains(&area), "{shape:?}: {area}");
        }
    }
}
