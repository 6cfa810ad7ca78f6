//! Letters: how wide a text is, and which pixels it covers.
//!
//! By `ab_glyph`. Plotters has a renderer over the same crate that puts every letter's left edge
//! where the letter begins and leaves out the space before it: "µJ a" became "µ Ja".

use std::io;
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScaleFont, ScaleFont, point};

/// The two weights, cut down to the letters that a picture may have: `assets/fonts/subset`.
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-Bold.ttf");

/// One weight in one size.
pub(super) struct Letters(PxScaleFont<&'static FontRef<'static>>);

impl Letters {
    /// Letters of `size` pixels from the highest to the lowest.
    pub(super) fn new(size: i32, bold: bool) -> io::Result<Self> {
        static FONTS: OnceLock<Option<[FontRef<'static>; 2]>> = OnceLock::new();
        let read = || {
            let font = |bytes| FontRef::try_from_slice(bytes).ok();
            Some([font(REGULAR)?, font(BOLD)?])
        };
        let fonts = FONTS.get_or_init(read).as_ref();
        let fonts = fonts.ok_or_else(|| io::Error::other("the embedded font is damaged"))?;
        Ok(Letters(fonts[usize::from(bold)].as_scaled(size as f32)))
    }

    /// How far the next text would be.
    pub(super) fn width(&self, text: &str) -> f32 {
        self.places(text).last().map_or(0.0, |(c, x)| x + self.0.h_advance(self.0.glyph_id(c)))
    }

    /// Calls `dot` with every pixel that `text` covers, and how much of it (0 to 1); the text begins
    /// at (0, 0), on its baseline.
    pub(super) fn draw(
        &self,
        text: &str,
        mut dot: impl FnMut((i32, i32), f32) -> io::Result<()>,
    ) -> io::Result<()> {
        for (c, x) in self.places(text) {
            let mut glyph = self.0.scaled_glyph(c);
            glyph.position = point(x, 0.0);
            let Some(outline) = self.0.outline_glyph(glyph) else { continue };
            let (left, top) = (outline.px_bounds().min.x as i32, outline.px_bounds().min.y as i32);
            let mut drawn = Ok(());
            outline.draw(|x, y, cover| {
                if drawn.is_ok() && cover > 0.0 {
                    drawn = dot((left + x as i32, top + y as i32), cover.min(1.0));
                }
            });
            drawn?;
        }
        Ok(())
    }

    /// Each letter, and where it begins.
    fn places(&self, text: &str) -> impl Iterator<Item = (char, f32)> {
        let (mut x, mut before) = (0.0, None);
        text.chars().map(move |c| {
            let id = self.0.glyph_id(c);
            if let Some(before) = before.replace(id) {
                x += self.0.kern(before, id) + self.0.h_advance(before);
            }
            (c, x)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns that a text covers, from the first to the last.
    fn columns(text: &str) -> (i32, i32) {
        let mut seen = (i32::MAX, i32::MIN);
        let letters = Letters::new(100, false).unwrap();
        let dot = |(x, _): (i32, i32), _| {
            seen = (seen.0.min(x), seen.1.max(x));
            Ok(())
        };
        letters.draw(text, dot).unwrap();
        seen
    }

    /// An l begins well behind the place of the pen, a J before it.
    #[test]
    fn a_letter_stands_where_its_bearing_puts_it() {
        assert!(columns("l").0 >= 5, "{:?}", columns("l"));
        assert!(columns("J").0 < 0, "{:?}", columns("J"));
        let width = Letters::new(100, false).unwrap().width("l") as i32;
        assert!(columns("l").1 < width, "the space behind it is within its width");
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters_and_nothing_is_nothing() {
        let letters = Letters::new(100, true).unwrap();
        assert_eq!((letters.width(""), columns("")), (0.0, (i32::MAX, i32::MIN)));
        let apart = letters.width("m") + letters.width("m");
        assert!((letters.width("mm") - apart).abs() < 1.0);
        assert!(letters.width("AV") < letters.width("A") + letters.width("V"), "kerning");
    }
}
