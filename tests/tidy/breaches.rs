//! Each law, tried on invented files: those that break it, and those that only look like it.

use super::*;

/// How many breaches `law` sees in one invented file.
fn seen(law: fn(&[File]) -> Vec<String>, path: &str, text: &str) -> usize {
    law(&[File::new(path, text)]).len()
}

#[test]
fn every_law_sees_its_breach() {
    assert_eq!(seen(imports_point_down, "src/ids.rs", "use crate::engine::Engine;"), 1);
    assert_eq!(seen(imports_point_down, "src/sink/a.rs", "fn f() { crate::source::g() }"), 1);
    assert_eq!(seen(imports_point_down, "src/report/a.rs", "use crate::{ids::A, policy};"), 1);
    assert_eq!(seen(imports_point_down, "src/ids.rs", "use crate::nowhere::A;"), 1);
    assert!(floors_are_complete(&[File::new("src/new.rs", "")])[0].contains("new has no floor"));
    assert_eq!(seen(super_stays_inside, "src/ids.rs", "use super::engine;"), 1);
    assert_eq!(seen(super_stays_inside, "src/a/b.rs", "use super::super::c;"), 1);
    let circle = [("src/a.rs", "crate::b::f()"), ("src/b/c.rs", "use crate::a;")];
    let circle = circle.map(|(path, text)| File::new(path, text));
    assert_eq!(no_circles(&circle).len(), 2);
    assert_eq!(seen(one_clock, "src/a.rs", "let now = Instant::now();"), 1);
    assert_eq!(seen(one_clock, "benches/a.rs", "use std::time::{Duration, SystemTime};"), 1);
    assert_eq!(seen(no_sleep, "tests/a.rs", "std::thread::sleep(ms);"), 1);
    assert_eq!(seen(no_unwrap, "src/a.rs", "x.unwrap(); y\n.expect(\"z\")"), 2);
    assert_eq!(seen(nothing_unfinished, "src/a.rs", "fn f() { todo!() }"), 1);
    assert_eq!(seen(files_are_small, "tests/a.rs", &"\n".repeat(401)), 1);
    let long = format!("fn long(a: [u8; 4]) {{{}}}", "\n".repeat(60));
    assert_eq!(seen(functions_are_short, "src/a.rs", &long), 1);
    assert_eq!(seen(no_drawers, "src/cli/utils.rs", ""), 1);
    assert_eq!(seen(no_drawers, "src/error.rs", ""), 1);
    assert_eq!(lints_are_set("", "").len(), 2);
    assert_eq!(dependencies_without_reason("[dependencies]\n# Why.\na = 1\nb = 2\n"), ["b = 2"]);
}

#[test]
fn no_law_sees_a_breach_where_there_is_none() {
    let tests = "#[cfg(test)]\nmod tests { use crate::engine::Engine; fn f() { x.unwrap() } }";
    assert_eq!(seen(imports_point_down, "src/ids.rs", tests), 0);
    assert_eq!(seen(no_unwrap, "src/ids.rs", tests), 0);
    assert_eq!(seen(no_unwrap, "src/inbox/tests.rs", "x.unwrap()"), 0);
    assert_eq!(seen(no_unwrap, "src/ids.rs", &format!("{tests} x.unwrap()")), 1);
    let tests = "#[cfg(test)]\nmod tests;\nfn f() { x.unwrap() }";
    assert_eq!(seen(no_unwrap, "src/ids.rs", tests), 1);
    let talk = "// crate::engine\n/* Instant */ let a = (\"x.unwrap()\", r#\"\"todo!()\"#, '\"');";
    for law in [imports_point_down, one_clock, no_unwrap, nothing_unfinished] {
        assert_eq!(seen(law, "src/ids.rs", talk), 0);
    }
    assert_eq!(seen(imports_point_down, "src/worker/a.rs", "use crate::{inbox::{A, B}, ids};"), 0);
    assert_eq!(seen(super_stays_inside, "src/a/mod.rs", "mod b { } fn f(b: &'static str) {}"), 0);
    assert_eq!(seen(super_stays_inside, "src/a/b.rs", "use super::c;"), 0);
    assert_eq!(seen(no_sleep, "src/a.rs", "self.try_sleep(); SLEEPING"), 0);
    assert_eq!(seen(one_clock, "src/clock.rs", "Instant::now()"), 0);
    let short = "fn f(a: [u8; 4]);\nfn g() {}\n".repeat(40);
    assert_eq!(seen(functions_are_short, "src/a.rs", &short), 0);
    assert_eq!(dependencies_without_reason("[a]\nx = 1\n[dependencies]\n# Why.\na = 1\n"), [""; 0]);
}
