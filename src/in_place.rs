//! Whether an open file is still the one that its path names.

use std::fs::{File, Metadata};
use std::path::Path;

/// True while `path` leads to `file`; not so when it was removed, moved, or replaced. On a system
/// without inodes every file that is there is taken for the same.
pub fn is_in_place(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => same_file(&ours, &there),
        _ => false,
    }
}

#[cfg(unix)]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_is_not_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        assert!(is_in_place(&file, &path));
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        assert!(!is_in_place(&file, &path));
        std::fs::write(&path, "another").unwrap();
        assert!(!is_in_place(&file, &path));
    }
}
