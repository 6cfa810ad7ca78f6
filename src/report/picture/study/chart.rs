//! Panels of lines, a line a policy, with one legend below them all.

use std::io;

use super::legend::{Legend, Sample};
use super::marks::Mark;
use super::panels::{Panels, columns};
use super::plot::Plot;
use super::scale::Scale;
use super::{GAP, Head, MARGIN, PANEL, Picture, WARNING, WIDTH, below, pen, places, ruler};
use crate::report::picture::canvas::{Canvas, Frame, Hold};
use crate::report::remarks::one_line;
use crate::study::Study;

/// Lines of a panel that may tell what is unstable.
const WARNINGS_MAX: usize = 2;
/// From one of them to the next.
const WARNING_LINE: i32 = 34;

/// A whole sheet of panels.
pub(super) struct Chart {
    pub(super) head: Head,
    pub(super) x_title: String,
    pub(super) y_title: String,
    pub(super) panels: Vec<Panel>,
    /// Names and marks of all lines.
    pub(super) policies: Vec<(String, Mark)>,
}

/// One plot.
pub(super) struct Panel {
    pub(super) title: String,
    /// Said under the title in the colour of warnings, as a list.
    pub(super) warning: Vec<String>,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) lines: Vec<Line>,
    /// Where something lies above the plot: an arrow of this mark's colour.
    pub(super) above: Vec<(f64, Mark)>,
}

/// One policy.
pub(super) struct Line {
    pub(super) mark: Mark,
    pub(super) points: Vec<(f64, f64)>,
    /// Which points have a marker.
    pub(super) marked: Vec<usize>,
}

impl Chart {
    pub(super) fn draw(self) -> io::Result<Option<Picture>> {
        if self.panels.is_empty() {
            return Ok(None);
        }
        let entries =
            self.policies.iter().map(|(name, mark)| (Sample::Line(*mark), name.clone())).collect();
        let legend = ruler(|canvas| Legend::new(canvas, entries))?;
        let columns = columns(self.panels.len(), 3);
        let warned = WARNING_LINE * self.warning_lines(columns)? as i32;
        let height = 50 + warned + [760, 640, 580][columns.min(3) - 1];
        let top = self.head.bottom();
        let places = places(self.panels.len(), columns, top, height, (MARGIN, WIDTH - MARGIN));
        let end = below(&places, top) + 28;
        Picture::drawn(end + legend.height() + 36, |canvas| {
            self.head.draw(canvas)?;
            for (panel, frame) in self.panels.iter().zip(&places) {
                self.panel(canvas, *frame, panel, warned)?;
            }
            legend.draw(canvas, end)
        })
    }

    /// The lines that every panel leaves for its warning: as many as the longest needs.
    fn warning_lines(&self, columns: usize) -> io::Result<usize> {
        let width = (WIDTH - 2 * MARGIN - GAP * (columns as i32 - 1)) / columns as i32;
        let mut lines = 0;
        for panel in &self.panels {
            let said = ruler(|canvas| warnings(canvas, &panel.warning, width, WARNINGS_MAX))?;
            lines = lines.max(said.len());
        }
        Ok(lines)
    }

    fn panel(&self, canvas: &Canvas, frame: Frame, panel: &Panel, warned: i32) -> io::Result<()> {
        let title = canvas.fitted(&panel.title, frame.w, PANEL)?;
        canvas.text(&title, (frame.x, frame.y + 30), Hold::Left, PANEL)?;
        let said = warnings(canvas, &panel.warning, frame.w, WARNINGS_MAX)?;
        for (line, text) in said.iter().enumerate() {
            let at = (frame.x, frame.y + 68 + WARNING_LINE * line as i32);
            canvas.text(text, at, Hold::Left, WARNING)?;
        }
        let outer = frame.inside(0, 50 + warned, 0, 0);
        let plot =
            Plot::with_axes(canvas, outer, (&panel.x, &self.x_title), (&panel.y, &self.y_title))?;
        // The first policies of a plan matter most: they are drawn last.
        for line in panel.lines.iter().rev() {
            plot.line(&line.points, line.mark)?;
        }
        for line in panel.lines.iter().rev() {
            for at in &line.marked {
                line.points.get(*at).map_or(Ok(()), |point| plot.marker(*point, line.mark))?;
            }
        }
        arrows(&plot, &panel.above)
    }
}

/// Arrows at the top, beside each other where several leave the plot at about the same place.
fn arrows(plot: &Plot, above: &[(f64, Mark)]) -> io::Result<()> {
    const APART: f64 = 22.0;
    let middle = f64::from(plot.frame.x + plot.frame.w / 2);
    let mut taken: Vec<f64> = Vec::new();
    for (x, mark) in above {
        let wanted = plot.x(*x);
        // Away from the nearer edge.
        let step = if wanted < middle { APART } else { -APART };
        let free = |at: &f64| taken.iter().all(|other| (other - at).abs() >= APART - 1.0);
        let mut places = (0..=above.len()).map(|n| wanted + step * n as f64);
        let at = places.find(free).unwrap_or(wanted);
        taken.push(at);
        pen::arrow(plot.canvas, (at, f64::from(plot.frame.y) + 6.0), true, mark.colour)?;
    }
    Ok(())
}

/// `unstable: a, b` in at most so many lines; what does not fit is counted.
fn warnings(
    canvas: &Canvas,
    names: &[String],
    width: i32,
    lines: usize,
) -> io::Result<Vec<String>> {
    let mut said: Vec<String> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let said_len = said.len();
        let Some(last) = said.last_mut() else {
            said.push(format!("unstable: {name}"));
            continue;
        };
        let longer = format!("{last}, {name}");
        let more = names.len() - place;
        // The last line leaves room for the count of the rest.
        let room = if more == 1 || said_len < lines { 0 } else { 140 };
        if canvas.width(&longer, WARNING)? <= width - room {
            *last = longer;
        } else if said_len < lines {
            *last += ",";
            said.push(name.clone());
        } else {
            *last += &format!(" and {more} more");
            break;
        }
    }
    Ok(said)
}

/// The settings' panels by `panel`, which is `None` where a setting has nothing to draw, and the
/// note where not all are drawn.
pub(super) fn of_settings(
    study: &Study,
    panel: impl Fn(usize) -> Option<Panel>,
) -> (Vec<Panel>, Option<String>) {
    let mut all: Vec<Option<Panel>> = (0..study.settings.len()).map(panel).collect();
    let panels = Panels::of(study, |at| all[at].is_some());
    let chosen = panels.settings.iter().filter_map(|at| all[*at].take()).collect();
    (chosen, panels.note)
}

/// The policies with their marks.
pub(super) fn policies(study: &Study) -> Vec<(String, Mark)> {
    let names = study.policies().into_iter().map(one_line);
    names.enumerate().map(|(number, name)| (name, Mark::of(number))).collect()
}

/// The title of a setting's panel.
pub(super) fn setting_name(study: &Study, setting: usize) -> String {
    study.settings.get(setting).map_or_else(String::new, |setting| one_line(&setting.name))
}

/// The policies of a setting that are unstable.
pub(super) fn unstable(study: &Study, setting: usize) -> Vec<String> {
    let cells = study.cells_of(setting).filter(|cell| cell.unstable);
    cells.map(|cell| one_line(&cell.policy)).collect()
}
