//! One run a results folder: a lock on a hidden file in it, for the length of the run.
//!
//! Two runs into one folder would leave the rows of one beside the summary of the other. The
//! lock is the kernel's (advisory, `flock`): it ends with the process, however that ends, and a
//! file that a power cut left behind locks nobody out. The file is removed with the lock, so a
//! finished folder holds the run's files only. On a file system without locks a warning says so
//! and the run goes on.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::in_place;

/// The file that is locked.
pub const NAME: &str = ".edge-dispatch.lock";

/// A folder that is this run's own.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    file: File,
}

/// What came of trying.
#[derive(Debug)]
pub enum Tried {
    /// The folder is ours.
    Locked(FolderLock),
    /// Another run writes into it.
    Taken,
}

impl FolderLock {
    /// Tries to take the lock of `folder`, without waiting.
    ///
    /// # Errors
    /// When the file cannot be opened, or the file system knows no locks.
    pub fn take(folder: &Path) -> io::Result<Tried> {
        let path = folder.join(NAME);
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Tried::Taken),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let lock = FolderLock { path: path.clone(), file };
            // The run that had it may have removed the file after we opened it.
            if lock.is_in_place() {
                return Ok(Tried::Locked(lock));
            }
        }
    }

    /// Whether the file is still the one that was locked: not so when the folder was removed.
    pub fn is_in_place(&self) -> bool {
        in_place::is_in_place(&self.file, &self.path)
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Before the lock ends with the file: afterwards it could be another run's. A file that
        // stays does no harm.
        if self.is_in_place() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(folder: &Path) -> bool {
        matches!(FolderLock::take(folder).unwrap(), Tried::Taken)
    }

    #[test]
    fn a_folder_has_one_run_at_a_time_and_is_tidy_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let Tried::Locked(lock) = FolderLock::take(folder.path()).unwrap() else { panic!() };
        assert!(is_taken(folder.path()));
        drop(lock);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(!is_taken(folder.path()));
    }

    #[test]
    fn a_file_that_was_left_behind_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "").unwrap();
        assert!(!is_taken(folder.path()));
    }

    #[test]
    fn a_lock_whose_folder_was_made_anew_leaves_the_new_one_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("results");
        std::fs::create_dir(&folder).unwrap();
        let Tried::Locked(old) = FolderLock::take(&folder).unwrap() else { panic!() };
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        let Tried::Locked(_new) = FolderLock::take(&folder).unwrap() else { panic!() };
        assert!(!old.is_in_place());
        drop(old);
        assert!(is_taken(&folder));
    }
}
