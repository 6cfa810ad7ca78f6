//! What the kernel dropped because a socket's receive buffer was full.
//!
//! Nobody tells a UDP receiver of a datagram that found no room; the kernel only counts it, in
//! the last column of `/proc/net/udp` (IPv4) and `/proc/net/udp6`. Our row is known by the
//! socket's inode, which no other socket has. Where there is no such file (another system, a
//! sandbox) the count stays 0, and a line in the log says so once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The counter of one socket.
#[derive(Debug)]
pub(super) struct KernelDrops {
    proc_root: PathBuf,
    inode: Option<u64>,
    count: u64,
    missed: bool,
}

impl KernelDrops {
    /// The counter of the socket with `inode`, under `proc_root` (`/proc`); without an inode
    /// it stays 0.
    pub fn new(proc_root: &Path, inode: Option<u64>) -> Self {
        KernelDrops { proc_root: proc_root.to_owned(), inode, count: 0, missed: false }
    }

    /// Datagrams dropped since the socket was bound, as of the last [`KernelDrops::refresh`].
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Reads the counter anew. Costs two small files, more where thousands of sockets are
    /// open: once a second, not once a datagram.
    pub fn refresh(&mut self) {
        match self.inode.and_then(|inode| self.look(inode)) {
            // The kernel's counter has 32 bits; what was counted once stays counted.
            Some(count) => self.count = self.count.max(count),
            None => self.miss(),
        }
    }

    /// Whether there was nothing to read.
    #[cfg(test)]
    pub fn missed(&self) -> bool {
        self.missed
    }

    fn look(&self, inode: u64) -> Option<u64> {
        ["net/udp", "net/udp6"].iter().find_map(|file| {
            let text = fs::read_to_string(self.proc_root.join(file)).ok()?;
            drops_of(&text, inode)
        })
    }

    fn miss(&mut self) {
        if !std::mem::replace(&mut self.missed, true) {
            let root = self.proc_root.display();
            log::info!("{root}/net/udp does not list our socket: kernel drops are not counted");
        }
    }
}

/// The inode of the socket that is this process's file descriptor `fd`.
pub(super) fn inode_of(proc_root: &Path, fd: i32) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(proc_root.join(format!("self/fd/{fd}")))?.ino())
}

/// The column `drops` of the row with `inode` in the text of `/proc/net/udp` or `udp6`.
fn drops_of(text: &str, inode: u64) -> Option<u64> {
    // sl local remote st tx:rx tr:when retrnsmt uid timeout INODE ref pointer DROPS
    text.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let ours = columns.get(9)?.parse() == Ok(inode);
        if ours { columns.get(12)?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UDP: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n 4710: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 17290 2 0000000000000000 0         \n 9324: 0100007F:B024 00000000:0000 07 00000000:00000F00 00:00000000 00000000     0        0 14237 2 0000000049a0b224 297       \n";
    const UDP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n 8053: 00000000000000000000000001000000:EB2D 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 14238 2 00000000b8a241b4 5\n";

    #[test]
    fn the_row_is_known_by_its_inode() {
        assert_eq!(drops_of(UDP, 14_237), Some(297));
        assert_eq!(drops_of(UDP, 17_290), Some(0));
        assert_eq!(drops_of(UDP6, 14_238), Some(5));
        assert_eq!(drops_of(UDP, 297), None);
    }

    #[test]
    fn a_text_that_is_no_table_has_no_row() {
        for text in ["", "\n", "one line", "h\n 1 2 3", "h\n a b c d e f g h i 7 k l"] {
            assert_eq!(drops_of(text, 7), None, "{text:?}");
        }
    }

    #[test]
    fn both_tables_are_read_and_the_count_never_falls() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("net")).unwrap();
        fs::write(root.path().join("net/udp6"), UDP6).unwrap();
        let mut drops = KernelDrops::new(root.path(), Some(14_238));
        drops.refresh();
        assert_eq!(drops.count(), 5);
        fs::write(root.path().join("net/udp6"), UDP6.replace(" 5\n", " 2\n")).unwrap();
        drops.refresh();
        assert_eq!(drops.count(), 5);
    }

    #[test]
    fn no_file_is_no_drops() {
        let root = tempfile::tempdir().unwrap();
        let mut drops = KernelDrops::new(root.path(), Some(1));
        drops.refresh();
        assert_eq!((drops.count(), drops.missed), (0, true));
        assert!(inode_of(root.path(), 0).is_err());
    }
}
