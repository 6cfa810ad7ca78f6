//! Writes a file beside its place and moves it there when it is whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::ReportError;

/// Makes `path` from what `fill` writes into a temporary file in the same directory.
///
/// `fill` gets the temporary file's path, which ends as `path` does. When it returns, the
/// file is flushed to the disk and renamed; when anything fails it is removed, and a file
/// that was at `path` before is untouched.
pub(super) fn write_whole(
    path: &Path,
    fill: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), ReportError> {
    let beside = beside(path);
    let cannot_create = |source| ReportError::CannotCreate { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(cannot_create(io::ErrorKind::IsADirectory.into()));
    }
    File::create(&beside).map_err(cannot_create)?;
    let written = fill(&beside)
        .and_then(|()| File::options().write(true).open(&beside)?.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // The first failure is the one to tell; a leftover file is the smaller evil.
        let _ = fs::remove_file(&beside);
        ReportError::writing(path, source)
    })
}

/// Tries whether [`write_whole`] could make `path`.
pub(super) fn try_whole(path: &Path) -> Result<(), ReportError> {
    let beside = beside(path);
    let tried = match path.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => File::create(&beside).and_then(|_| fs::remove_file(&beside)),
    };
    tried.map_err(|source| ReportError::CannotCreate { path: path.to_owned(), source })
}

/// `results/.tmp-1234-graph.png` for `results/graph.png`: hidden, and known by its process.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(format!(".tmp-{}-", std::process::id()));
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.txt");
        fs::write(&path, "old").unwrap();
        let full = |beside: &Path| {
            fs::write(beside, "half")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        let error = write_whole(&path, full).unwrap_err();
        assert!(matches!(error, ReportError::Io { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().join("none").join("file.txt"), dir.path().to_owned()] {
            let error = write_whole(&path, |_| Ok(())).unwrap_err();
            assert!(matches!(error, ReportError::CannotCreate { .. }), "{error}");
            assert!(error.to_string().contains(&*path.to_string_lossy()));
        }
    }
}
