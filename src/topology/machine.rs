//! What machine this is, in words.

use super::reader::Reader;
use super::sysfs::Roots;

/// The system this program runs on: name, kernel release and architecture, such as
/// "Linux 6.6.31+rpt-rpi-2712 aarch64".
pub fn platform() -> String {
    let name = rustix::system::uname();
    [name.sysname(), name.release(), name.machine()].map(|part| part.to_string_lossy()).join(" ")
}

/// The machine's model: what the device tree says, else what `cpuinfo` says, else the
/// architecture or "unknown".
pub(super) fn model(roots: &Roots, reader: &mut Reader) -> String {
    from_device_tree(roots, reader)
        .or_else(|| from_cpuinfo(&reader.beginning(&roots.proc_file("cpuinfo")?)?))
        .unwrap_or_else(|| unnamed(roots))
}

/// Arm and RISC-V boards: a text that ends in a NUL.
fn from_device_tree(roots: &Roots, reader: &mut Reader) -> Option<String> {
    let places = [
        roots.proc_file("device-tree/model"),
        Some(roots.sys.join("firmware/devicetree/base/model")),
    ];
    places.into_iter().flatten().find_map(|path| words(&reader.text(&path)?))
}

/// `Model` is the Pi's, `Hardware` that of older Arm kernels, where `model name` is only
/// "ARMv7 Processor"; `model name` is the one of a PC.
fn from_cpuinfo(cpuinfo: &str) -> Option<String> {
    ["Model", "Hardware", "model name"].into_iter().find_map(|key| {
        let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        words(fields.find(|(name, _)| name.trim() == key)?.1)
    })
}

/// The text in one line of printable words, at most 100 characters of it; none if it is empty.
fn words(text: &str) -> Option<String> {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line: String = printable.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(100).collect())
}

/// A tree from elsewhere does not have this machine's architecture.
fn unnamed(roots: &Roots) -> String {
    if roots.is_this_machine() { std::env::consts::ARCH.into() } else { "unknown".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_the_best_name_that_cpuinfo_has() {
        let pc = "processor\t: 0\nmodel\t\t: 186\nmodel name\t: 13th Gen  Intel(R) i5-13400\n";
        let pi = "processor: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\n\
                  Hardware\t: BCM2711\nModel\t\t: Raspberry Pi 4 Model B Rev 1.1\n";
        assert_eq!(from_cpuinfo(pc).as_deref(), Some("13th Gen Intel(R) i5-13400"));
        assert_eq!(from_cpuinfo(pi).as_deref(), Some("Raspberry Pi 4 Model B Rev 1.1"));
        assert_eq!(from_cpuinfo("Model:\u{0}\n:::\n"), None);
    }

    #[test]
    fn a_name_is_one_printable_line() {
        assert_eq!(words("Radxa\u{1b}[31m\n  ROCK 5B\0").as_deref(), Some("Radxa [31m ROCK 5B"));
        assert_eq!(words(&"x".repeat(5000)).map(|line| line.len()), Some(100));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_platform_names_the_running_kernel() {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
        let start = format!("Linux {} ", release.trim());
        assert!(platform().starts_with(&start), "{}", platform());
    }
}
