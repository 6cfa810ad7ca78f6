//! Which settings have a panel.

use crate::study::Study;

/// The most panels of a picture: more cannot be read.
const PANELS_MAX: usize = 6;

/// The settings that are drawn, and a note where these are not all.
pub(super) struct Panels {
    pub(super) settings: Vec<usize>,
    pub(super) note: Option<String>,
}

impl Panels {
    /// Of the settings for which `has` says that there is something to draw: all, or where these
    /// are too many, the first, the middle one and the last.
    pub(super) fn of(study: &Study, has: impl Fn(usize) -> bool) -> Panels {
        let all: Vec<usize> = (0..study.settings.len()).filter(|at| has(*at)).collect();
        if all.len() <= PANELS_MAX {
            return Panels { settings: all, note: None };
        }
        let settings = vec![all[0], all[all.len() / 2], all[all.len() - 1]];
        let note = format!(
            "3 of {} settings: the first, the middle one and the last; summary_report.md has all",
            all.len()
        );
        Panels { settings, note: Some(note) }
    }

    pub(super) fn len(&self) -> usize {
        self.settings.len()
    }
}

/// How many panels stand side by side where `most` would fit.
pub(super) fn columns(panels: usize, most: usize) -> usize {
    match panels {
        // No corner stays empty where it need not.
        4 if most >= 2 => 2,
        3 if most == 2 => 1,
        _ => panels.clamp(1, most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::samples;

    #[test]
    fn too_many_settings_are_three_and_a_note() {
        let mut study = samples::study();
        assert_eq!(Panels::of(&study, |_| true).settings, [0, 1]);
        assert_eq!(Panels::of(&study, |at| at == 1).settings, [1]);
        study.settings = vec![study.settings[0].clone(); 8];
        let panels = Panels::of(&study, |_| true);
        assert_eq!(panels.settings, [0, 4, 7]);
        assert!(panels.note.unwrap().starts_with("3 of 8"));
    }

    #[test]
    fn four_panels_are_a_square() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(|n| columns(n, 3)), [1, 1, 2, 3, 2, 3, 3]);
        assert_eq!([1, 2, 3, 6].map(|n| columns(n, 2)), [1, 2, 1, 2]);
    }
}
