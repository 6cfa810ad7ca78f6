//! The house's rules as laws. Each says what it forbids and why; each is tried on invented
//! files that break it (`tidy/breaches.rs`), because a law that cannot fail is worse than none.
//!
//! What is read is the text of the files, not what the compiler makes of it: a path that a
//! macro puts together is not seen.

#[path = "tidy/breaches.rs"]
mod breaches;
#[path = "tidy/code.rs"]
mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use code::{File, find_word, first_names, functions, read_house};

/// The floors of the house, lowest first; `docs/architecture.md` tells what each is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Floor {
    /// Data, or a pure function.
    Word,
    /// One small part that knows words only.
    Part,
    /// A part of the running machine.
    Machine,
    /// Tables and pictures.
    Paper,
    /// What ties the machine together.
    Whole,
    /// The same parts in virtual time, without the machine.
    Virtual,
    /// Whole runs side by side.
    Study,
    /// What people see.
    Face,
    /// `main.rs`: the whole program in ten lines.
    Program,
}
use Floor::*;

impl Floor {
    /// The floors that a module of this one may import from. Only words may import their
    /// neighbours, and not in a circle.
    fn may_import(self) -> &'static [Floor] {
        match self {
            Word | Part | Paper => &[Word],
            Machine | Virtual => &[Word, Part],
            Whole => &[Word, Part, Machine],
            Study => &[Word, Part, Machine, Paper, Whole, Virtual],
            Face => &[Word, Part, Machine, Paper, Whole, Virtual, Study],
            Program => &[Face],
        }
    }
}

/// Where each module lives. A new module is entered here, on the lowest floor that it can
/// live on.
const FLOORS: &[(&str, Floor)] = &[
    ("bearing", Word),
    ("class", Word),
    ("clock", Word),
    ("counters", Word),
    ("derating", Word),
    ("feedback", Word),
    ("ids", Word),
    ("in_flight", Word),
    ("in_place", Word),
    ("interval", Word),
    ("job", Word),
    ("learning", Word),
    ("ledger", Word),
    ("loads", Word),
    ("look", Word),
    ("names", Word),
    ("order", Word),
    ("packet", Word),
    ("panics", Word),
    ("parking", Word),
    ("power", Word),
    ("priority", Word),
    ("progress", Word),
    ("random", Word),
    ("record", Word),
    ("record_buffer", Word),
    ("sorting", Word),
    ("stats", Word),
    ("study", Word),
    ("summary", Word),
    ("sync", Word),
    ("totals", Word),
    ("typical", Word),
    ("arrival", Part),
    ("inbox", Part),
    ("packing", Part),
    ("policy", Part),
    ("process", Part),
    ("streams", Part),
    ("topology", Part),
    ("dispatch", Machine),
    ("energy", Machine),
    ("recorder", Machine),
    ("sampler", Machine),
    ("sink", Machine),
    ("source", Machine),
    ("worker", Machine),
    ("report", Paper),
    ("engine", Whole),
    ("sim", Virtual),
    ("experiment", Study),
    ("cli", Face),
    ("main", Program),
];

/// A file that passes this is usually two; split along a noun.
const FILE_LINES_MAX: usize = 400;

/// A function that passes this does two things.
const FUNCTION_LINES_MAX: usize = 60;

/// Files that may break a rule, and why. In the product there is none.
const MAY_READ_A_CLOCK: [(&str, &str); 2] = [
    ("src/clock.rs", "it is the clock"),
    ("tests/program/started.rs", "how long to wait for another process before giving up"),
];
const MAY_SLEEP: [(&str, &str); 2] = [
    ("tests/program/started.rs", "no message tells when another process has written a file"),
    ("tests/program/signals.rs", "a signal is a second request only half a second after the first"),
];
const MAY_UNWRAP: [(&str, &str); 0] = [];

#[test]
fn every_module_has_a_floor_and_every_floor_its_modules() {
    hold(floors_are_complete);
}

#[test]
fn imports_point_only_downwards() {
    hold(imports_point_down);
}

#[test]
fn super_stays_inside_its_module() {
    hold(super_stays_inside);
}

#[test]
fn modules_do_not_import_in_circles() {
    hold(no_circles);
}

#[test]
fn the_clock_is_read_only_in_clock_rs() {
    hold(one_clock);
}

#[test]
fn nobody_sleeps_for_a_fixed_time() {
    hold(no_sleep);
}

#[test]
fn nothing_in_the_product_unwraps() {
    hold(no_unwrap);
}

#[test]
fn nothing_is_left_unfinished() {
    hold(nothing_unfinished);
}

#[test]
fn files_do_not_grow_past_their_size() {
    hold(files_are_small);
}

#[test]
fn functions_do_not_grow_past_their_size() {
    hold(functions_are_short);
}

#[test]
fn no_file_is_a_drawer_for_everything() {
    hold(no_drawers);
}

#[test]
fn unsafe_is_forbidden_and_docs_are_demanded() {
    let (cargo, lib) = (root_file("Cargo.toml"), root_file("src/lib.rs"));
    assert_eq!(lints_are_set(&cargo, &lib), Vec::<String>::new());
}

#[test]
fn every_dependency_says_what_it_is_for() {
    assert_eq!(dependencies_without_reason(&root_file("Cargo.toml")), Vec::<String>::new());
}

/// Imports tie modules together in the direction of the house; the one who ties machine parts
/// to each other is the engine.
fn imports_point_down(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (from, to, place) in imports(files) {
        let (Some(own), Some(other)) = (floor(&from), floor(&to)) else {
            breaches.push(format!("{place}: {from} imports {to}: one of them has no floor"));
            continue;
        };
        if !own.may_import().contains(&other) {
            breaches.push(format!("{place}: {from} ({own:?}) must not import {to} ({other:?})"));
        }
    }
    breaches
}

fn floors_are_complete(files: &[File]) -> Vec<String> {
    let there: BTreeSet<&str> = files.iter().filter_map(File::module).collect();
    let known: BTreeSet<&str> = FLOORS.iter().map(|(module, _)| *module).collect();
    let new = there.difference(&known).map(|module| format!("{module} has no floor"));
    let gone = known.difference(&there).map(|module| format!("{module} has a floor and no file"));
    new.chain(gone).collect()
}

/// `super` from a top-level module is the crate itself: it would slip past the floors.
fn super_stays_inside(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        let climbing = "super::".repeat(file.depth());
        for at in find_word(&file.product(), &climbing) {
            breaches.push(format!("{}: {climbing} leaves the module", file.place(at)));
        }
    }
    breaches
}

fn no_circles(files: &[File]) -> Vec<String> {
    let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to, _) in imports(files) {
        below.entry(from).or_default().insert(to);
    }
    // Take away whoever imports nobody that is left, until nothing more goes.
    loop {
        let left: BTreeSet<String> = below.keys().cloned().collect();
        let before = below.len();
        below.retain(|_, imported| imported.iter().any(|to| left.contains(to)));
        if below.len() == before {
            return left.iter().map(|module| format!("{module} imports in a circle")).collect();
        }
    }
}

/// Whoever reads a clock of his own cannot be tested with one that is moved by hand.
fn one_clock(files: &[File]) -> Vec<String> {
    let readings = ["Instant", "SystemTime", "UNIX_EPOCH", "rustix::time", "clock_gettime"];
    find_all(files, &readings, &MAY_READ_A_CLOCK, |file| file.code.clone())
}

/// A fixed time is too long on one machine and too short on another; wait for what is awaited.
fn no_sleep(files: &[File]) -> Vec<String> {
    find_all(files, &["sleep", "sleep_ms", "sleep_until"], &MAY_SLEEP, |file| file.code.clone())
}

/// Nothing that came from outside may end the program.
fn no_unwrap(files: &[File]) -> Vec<String> {
    let ways = [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", ".unwrap_unchecked("];
    find_all(files, &ways, &MAY_UNWRAP, File::product)
}

fn nothing_unfinished(files: &[File]) -> Vec<String> {
    find_all(files, &["todo!", "unimplemented!", "dbg!"], &[], |file| file.code.clone())
}

fn files_are_small(files: &[File]) -> Vec<String> {
    let lines = |file: &File| file.code.lines().count();
    let large = files.iter().filter(|file| lines(file) > FILE_LINES_MAX);
    large.map(|file| format!("{}: {} lines", file.path, lines(file))).collect()
}

fn functions_are_short(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        for (name, at, lines) in functions(&file.code) {
            if lines > FUNCTION_LINES_MAX {
                breaches.push(format!("{}: {name} has {lines} lines", file.place(at)));
            }
        }
    }
    breaches
}

/// A name that fits everything gathers everything, and then everybody imports it.
fn no_drawers(files: &[File]) -> Vec<String> {
    const DRAWERS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];
    let is_drawer = |file: &&File| {
        let mut names = file.path.trim_end_matches(".rs").split('/');
        names.any(|name| DRAWERS.contains(&name)) || file.path == "src/error.rs"
    };
    files.iter().filter(is_drawer).map(|file| file.path.clone()).collect()
}

fn lints_are_set(cargo: &str, lib: &str) -> Vec<String> {
    let mut missing = Vec::new();
    if !cargo.lines().any(|line| line == "unsafe_code = \"forbid\"") {
        missing.push("Cargo.toml does not forbid unsafe code".to_owned());
    }
    if !lib.lines().any(|line| line == "#![deny(missing_docs)]") {
        missing.push("src/lib.rs does not demand docs".to_owned());
    }
    missing
}

fn dependencies_without_reason(cargo: &str) -> Vec<String> {
    let section = cargo.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines: Vec<&str> = section.take_while(|line| !line.starts_with('[')).collect();
    let lacks = |at: &usize| {
        lines[*at].contains(" = ")
            && !lines[*at].starts_with('#')
            && (*at == 0 || !lines[at - 1].starts_with('#'))
    };
    (0..lines.len()).filter(lacks).map(|at| lines[at].to_owned()).collect()
}

/// Module, imported module, place: every import of one top-level module by another.
fn imports(files: &[File]) -> Vec<(String, String, String)> {
    let mut imports = Vec::new();
    for file in files {
        let Some(module) = file.module() else { continue };
        let product = file.product();
        let mut names = first_names(&product, "crate::");
        if module == "main" {
            names.extend(first_names(&product, "edge_dispatch::"));
        }
        for (at, name) in names.into_iter().filter(|(_, name)| name != module) {
            imports.push((module.to_owned(), name, file.place(at)));
        }
    }
    imports
}

fn floor(module: &str) -> Option<Floor> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn find_all(
    files: &[File],
    needles: &[&str],
    allowed: &[(&str, &str)],
    code: impl Fn(&File) -> String,
) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| allowed.iter().all(|(path, _)| *path != file.path)) {
        let code = code(file);
        for needle in needles {
            let found = find_word(&code, needle).into_iter();
            breaches.extend(found.map(|at| format!("{}: {needle}", file.place(at))));
        }
    }
    breaches
}

/// Holds the house to `law`.
fn hold(law: fn(&[File]) -> Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = read_house(root, &["src", "tests", "benches", "examples"]);
    assert!(files.len() > 100, "the house was not found: {} files", files.len());
    let breaches = law(&files);
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

fn root_file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
