//! Whether two paths would be one file, though neither may be there yet.

use std::path::{Component, Path, PathBuf};

/// Whether `a` and `b` name one place. Links are followed as far as there are any; what is still
/// to be made is taken as it is written.
pub fn same_place(a: &Path, b: &Path) -> bool {
    matches!((settled(a), settled(b)), (Some(a), Some(b)) if a == b)
}

/// The path step by step, as the kernel goes: a link before the `..` behind it.
fn settled(path: &Path) -> Option<PathBuf> {
    let mut place = PathBuf::new();
    for step in std::path::absolute(path).ok()?.components() {
        match step {
            Component::ParentDir => {
                place.pop();
            }
            step => {
                place.push(step);
                place = place.canonicalize().unwrap_or(place);
            }
        }
    }
    Some(place)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_by_any_of_its_names_before_it_is_made() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir(at("real")).unwrap();
        std::os::unix::fs::symlink("real", at("link")).unwrap();
        std::fs::write(at("real/there.csv"), "").unwrap();
        for (a, b, same) in [
            ("out/dd/a.csv", "out/dd/../dd/a.csv", true),
            ("out/dd/a.csv", "out/./dd//a.csv", true),
            ("real/a.csv", "link/a.csv", true),
            ("real/a.csv", "real/none/../../link/a.csv", true),
            ("real/there.csv", "link/there.csv", true),
            ("a.csv", "link/../a.csv", true),
            ("real/a.csv", "link/b.csv", false),
            ("out/a.csv", "out/dd/a.csv", false),
        ] {
            assert_eq!(same_place(&at(a), &at(b)), same, "{a} {b}");
        }
    }
}
