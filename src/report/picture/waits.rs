//! The distribution of waiting times by class: steps over a logarithmic axis.

use std::io;

use plotters::style::Color;

use super::axis;
use super::canvas::{Canvas, Frame, Hold, Type};
use super::{LABEL, colours, head, sentence};
use crate::report::units;
use crate::sorting;
use crate::summary::{ClassFigures, Summary};

/// Bars a factor of ten, as [`crate::stats::Latency::bars`] makes them.
const BARS_A_DECADE: i32 = 4;
const LEGEND_LINES_MAX: usize = 4;

pub(super) fn draw(canvas: &Canvas, frame: Frame, summary: &Summary) -> io::Result<()> {
    head(canvas, frame, "Waiting time, share of packets")?;
    let curves: Vec<Curve> = summary.classes.iter().filter_map(Curve::new).collect();
    if curves.is_empty() {
        return sentence(canvas, frame, "No packet waited: none reached a worker.");
    }
    let shown = &curves[..curves.len().min(LEGEND_LINES_MAX)];
    legend(canvas, frame, shown)?;
    let plot = frame.inside(84, 66 + 34 * shown.len() as i32, 44, 60);
    let span = Span::of(plot, shown);
    span.axes(canvas)?;
    for (place, curve) in shown.iter().enumerate() {
        // Where curves coincide, the ones below look out on both sides.
        let pen = 4 + 2 * (shown.len() - 1 - place) as u32;
        span.curve(canvas, curve, pen)?;
    }
    canvas.horizontal(plot, plot.bottom(), colours::PALE_INK)
}

/// One class's distribution: which part of its packets lies below which quarter decade.
struct Curve<'a> {
    class: &'a ClassFigures,
    /// `(number of the upper edge, share)`, in order; edge number n lies at 10^(n/4) ns.
    bars: Vec<(i32, f64)>,
}

impl<'a> Curve<'a> {
    /// `None` for a class without packets.
    fn new(class: &'a ClassFigures) -> Option<Self> {
        let all: f64 = class.wait_bars.iter().map(|(_, count)| *count as f64).sum();
        let edge = |ns: u64| ((ns.max(1) as f64).log10() * f64::from(BARS_A_DECADE)).round() as i32;
        let mut bars: Vec<(i32, f64)> = Vec::new();
        for (ns, count) in &class.wait_bars {
            bars.push((edge(*ns), *count as f64 / all));
        }
        sorting::sort_by_key(&mut bars, |(edge, _)| *edge);
        (all > 0.0).then_some(Curve { class, bars })
    }

    /// The upper edges of its first and last bar.
    fn ends(&self) -> (i32, i32) {
        let edge = |bar: Option<&(i32, f64)>| bar.map_or(0, |(edge, _)| *edge);
        (edge(self.bars.first()), edge(self.bars.last()))
    }

    /// The share below edge number `edge` and above the one before it.
    fn share(&self, edge: i32) -> f64 {
        self.bars.iter().filter(|(of, _)| *of == edge).map(|(_, share)| share).sum()
    }
}

/// The axes: edges from `first` to `last`, shares from 0 to `top`.
struct Span {
    plot: Frame,
    first: i32,
    last: i32,
    top: f64,
    ticks: Vec<f64>,
}

impl Span {
    fn of(plot: Frame, curves: &[Curve]) -> Self {
        let first = curves.iter().map(|curve| curve.ends().0).min().unwrap_or(1);
        let last = curves.iter().map(|curve| curve.ends().1).max().unwrap_or(1);
        // Whole decades, so that both ends have a label, and two at least.
        let first = (first - 1).div_euclid(BARS_A_DECADE) * BARS_A_DECADE;
        let last = -(-last).div_euclid(BARS_A_DECADE) * BARS_A_DECADE;
        let last = last.max(first + 2 * BARS_A_DECADE);
        let shares = curves.iter().flat_map(|curve| (first..=last).map(|edge| curve.share(edge)));
        let ticks = axis::ticks(shares.fold(0.0, f64::max) * 100.0, 4, false);
        let top = ticks.last().copied().unwrap_or(100.0) / 100.0;
        Span { plot, first, last, top, ticks }
    }

    fn x(&self, edge: i32) -> i32 {
        let part = f64::from(edge - self.first) / f64::from(self.last - self.first);
        self.plot.x + (f64::from(self.plot.w) * part) as i32
    }

    fn y(&self, share: f64) -> i32 {
        self.plot.bottom() - (f64::from(self.plot.h) * share / self.top) as i32
    }

    fn axes(&self, canvas: &Canvas) -> io::Result<()> {
        for tick in &self.ticks {
            let y = self.y(tick / 100.0);
            canvas.horizontal(self.plot, y, colours::GRID)?;
            let text = format!("{} %", axis::plain(*tick));
            canvas.text(&text, (self.plot.x - 12, y + 9), Hold::Right, LABEL)?;
        }
        let decades = (self.last - self.first) / BARS_A_DECADE;
        let every = axis::every(decades as usize + 1, 96, self.plot.w + 96);
        let edges = (self.first..=self.last).step_by(BARS_A_DECADE as usize);
        for (place, edge) in edges.enumerate() {
            canvas.vertical(self.plot, self.x(edge), colours::GRID)?;
            if place % every == 0 {
                self.decade(canvas, edge)?;
            }
        }
        Ok(())
    }

    fn decade(&self, canvas: &Canvas, edge: i32) -> io::Result<()> {
        let at = (self.x(edge), self.plot.bottom() + 36);
        canvas.text(&decade(edge / BARS_A_DECADE), at, Hold::Middle, LABEL)
    }

    fn curve(&self, canvas: &Canvas, curve: &Curve, pen: u32) -> io::Result<()> {
        let (first, last) = curve.ends();
        let mut points = vec![(self.x(first - 1), self.plot.bottom())];
        for edge in first..=last {
            let y = self.y(curve.share(edge));
            points.extend([(self.x(edge - 1), y), (self.x(edge), y)]);
        }
        points.push((self.x(last), self.plot.bottom()));
        let colour = colours::class(curve.class.name);
        canvas.polygon(points.clone(), colour.mix(0.18))?;
        canvas.path(points, colour.stroke_width(pen))
    }
}

fn legend(canvas: &Canvas, frame: Frame, curves: &[Curve]) -> io::Result<()> {
    for (line, curve) in curves.iter().enumerate() {
        let baseline = frame.y + 72 + 34 * line as i32;
        let square = Frame { x: frame.x, y: baseline - 22, w: 26, h: 26 };
        let colour = colours::class(curve.class.name);
        canvas.fill(square, colour.to_rgba())?;
        let waits = &curve.class.wait_ns;
        let bold = Type { bold: true, ..LABEL };
        canvas.text(&curve.class.name.to_string(), (frame.x + 40, baseline), Hold::Left, bold)?;
        let p50 = format!("p50 {}", units::time(waits.p50 as f64));
        canvas.text(&p50, (frame.x + 428, baseline), Hold::Right, LABEL)?;
        let p99 = format!("p99 {}", units::time(waits.p99 as f64));
        canvas.text(&p99, (frame.right() - 8, baseline), Hold::Right, LABEL)?;
    }
    Ok(())
}

/// `10^power` nanoseconds in words.
fn decade(power: i32) -> String {
    let units = ["ns", "µs", "ms", "s"];
    let unit = (power / 3).clamp(0, 3);
    format!("{} {}", axis::plain(10f64.powi(power - 3 * unit)), units[unit as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_curve_holds_every_packet_of_its_class() {
        for class in &samples::hybrid(2, 1, 1).classes {
            let curve = Curve::new(class).unwrap();
            let sum: f64 = (0..80).map(|edge| curve.share(edge)).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
        assert!(Curve::new(&samples::without_packets().classes[0]).is_none());
    }

    #[test]
    fn decades_read_as_times() {
        let texts = [0, 1, 3, 5, 6, 9, 11].map(decade);
        assert_eq!(texts, ["1 ns", "10 ns", "1 µs", "100 µs", "1 ms", "1 s", "100 s"]);
    }
}
