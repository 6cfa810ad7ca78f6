//! The scripts for boards, on what they must refuse: nothing is built, installed or fetched.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::{Place, Said, end};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

fn call(place: &Place, name: &str, line: &str) -> Said {
    let args: Vec<&str> = line.split_whitespace().collect();
    end(place.at_home(Command::new(script(name)), &args))
}

/// A folder of programs that is all a script finds: this machine's by their names, and `fakes`
/// that say what they are told to.
fn only(place: &Place, real: &[&str], fakes: &[(&str, &str)]) -> PathBuf {
    let folder = place.path("bin");
    std::fs::create_dir(&folder).unwrap();
    for name in real {
        let paths = std::env::var_os("PATH").unwrap();
        let mut found = std::env::split_paths(&paths).map(|path| path.join(name));
        symlink(found.find(|path| path.exists()).unwrap(), folder.join(name)).unwrap();
    }
    for (name, body) in fakes {
        // By a child: what this process has open for writing, its other children might hold for a
        // moment, and what somebody may write nobody can execute.
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod +x \"$0\"";
        let mut command = Command::new("sh");
        command.args(["-c", write]).arg(folder.join(name)).arg(body);
        assert!(command.status().unwrap().success());
    }
    folder
}

const TOOLS: [&str; 8] = ["dirname", "readlink", "sed", "tr", "mkdir", "sort", "head", "cat"];

#[test]
fn a_target_that_does_not_exist_is_refused_with_those_that_do() {
    let place = Place::new();
    for name in ["cross-build", "package", "check-cross", "container"] {
        let said = call(&place, name, "mips-unknown-linux-gnu").exits(64);
        said.complains(&[name, "'mips-unknown-linux-gnu' is none of"]);
    }
    call(&place, "cross-build", "sparc").exits(64).complains(&["aarch64-unknown-linux-gnu"]);
}

#[test]
fn a_package_that_would_not_run_on_its_board_is_refused() {
    let place = Place::new();
    let said = call(&place, "package", "arm-unknown-linux-gnueabihf").exits(64);
    said.complains(&["ARMv7", "remedy: scripts/cross-build"]);
    call(&place, "package", "").exits(64).complains(&["usage"]);
}

/// The machine has no linker, its user is not root, the target's library is installed.
#[test]
fn a_linker_that_is_missing_and_may_not_be_installed_is_named_with_the_remedy() {
    let place = Place::new();
    let rustc = "echo /";
    let fakes = [("cargo", "exit 1"), ("rustc", rustc), ("id", "echo 1000")];
    let debian = [("apt-get", "exit 1"), ("dpkg", "exit 1")];
    let bin = only(&place, &TOOLS, &[&fakes[..], &debian[..]].concat());
    let mut command = Command::new(script("cross-build"));
    command.env("PATH", bin).env_remove("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER");
    let said = end(place.at_home(command, &["--no-containers", "aarch64-unknown-linux-gnu"]));
    let said = said.exits(69);
    said.complains(&["no linker", "aarch64-linux-gnu-gcc", "remedy: ", "gcc-aarch64-linux-gnu"]);
}

#[test]
fn debians_linker_is_not_taken_for_an_armv6() {
    let place = Place::new();
    let bin = only(&place, &TOOLS, &[("cargo", "exit 1"), ("rustc", "echo /"), ("id", "echo 0")]);
    let mut command = Command::new(script("cross-build"));
    command.env("PATH", bin).env_remove("CARGO_TARGET_ARM_UNKNOWN_LINUX_GNUEABIHF_LINKER");
    let said = end(place.at_home(command, &["--no-containers", "arm-unknown-linux-gnueabihf"]));
    said.exits(69).complains(&["ARMv6", "Debian's armhf", "readelf -A", "remedy: cross with"]);
}

#[test]
fn a_container_engine_that_was_asked_for_and_does_not_run_is_said() {
    let place = Place::new();
    let fakes = [("cargo", "exit 1"), ("cross", "exit 1"), ("docker", "exit 1")];
    let bin = only(&place, &TOOLS, &fakes);
    let mut command = Command::new(script("cross-build"));
    command.env("PATH", bin).env("CROSS_CONTAINER_ENGINE", "docker");
    let said = end(place.at_home(command, &["aarch64-unknown-linux-gnu"])).exits(69);
    said.complains(&["'docker info' fails", "--no-containers"]);
}

#[test]
fn a_board_that_cannot_be_reached_or_used_is_said_before_anything_is_built() {
    let place = Place::new();
    call(&place, "run-on-board", "").exits(64).complains(&["which board?"]);
    call(&place, "run-on-board", "pi -- run --results x").exits(64).complains(&["results/pi"]);
    call(&place, "run-on-board", "--ssh-config nowhere pi").exits(64).complains(&["'nowhere'"]);
    let boards = [
        ("exit 255", "cannot be asked what it is"),
        ("echo riscv64; echo 64; echo glibc 2.36", "no program is made for that"),
        ("echo aarch64; echo 64; echo glibc 2.31", "older than 2.34"),
    ];
    for (ssh, complaint) in boards {
        let place = Place::new();
        let fakes = [("ssh", ssh), ("cargo", "exit 1")];
        let mut command = Command::new(script("run-on-board"));
        command.env("PATH", only(&place, &TOOLS, &fakes));
        let said = end(place.at_home(command, &["pi"])).exits(69);
        said.complains(&["pi", complaint, "remedy: "]);
    }
}
