use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::study::Mode;

/// Lets so many runs begin, and stops; however long the saving of one takes.
struct Until(Mutex<usize>);

impl Progress for Until {
    fn begin(&self, _runs: usize, _there: usize) {}

    fn saved(&self, _what: &str) {}

    /// Asked before each run.
    fn stops(&self) -> bool {
        let mut left = self.0.lock().unwrap();
        let stops = *left == 0;
        *left = left.saturating_sub(1);
        stops
    }
}

const NEVER: usize = usize::MAX;

fn plan() -> Plan {
    let text = "name = \"t\"\ntitle = \"A test\"\nrepeats = 3\npackets = 1000\n\
                policies = [\"random\", \"shortest-queue:2\", \"q-learning:unguarded\"]\n\
                [[setting]]\nname = \"{x} workers\"\nsweep = \"workers\"\nvalues = [2, 3]\n\
                [[setting]]\nname = \"board\"\nmachine = \"rk3588\"\n";
    Plan::parse(text).unwrap()
}

fn store(folder: &Path, plan: &Plan) -> Store {
    Store::create(folder, plan, &toml::Table::new()).unwrap()
}

fn texts(folder: &Path) -> [String; 2] {
    [store::MANIFEST, store::RUNS].map(|name| std::fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn every_plan_that_is_built_in_is_one() {
    for (name, text) in PLANS {
        let plan = Plan::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!plan.settings(plan.mode).0.is_empty(), "{name}");
        assert_eq!(Plan::parse(&plan.text()).unwrap(), plan, "{name} survives its own text");
        assert_eq!(built_in(&name.to_lowercase()), Some(text));
    }
}

#[test]
fn what_is_wrong_in_a_plan_is_told_with_line_and_key() {
    let wrong = [
        ("name = \"x y\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\n", "line 1: name"),
        (
            "name = \"x\"\ntitle = \"t\"\nrepeats = 0\n[[setting]]\nname = \"a\"\n",
            "line 3: repeats",
        ),
        ("name = \"x\"\ntitle = \"t\"\n", "missing field `setting`"),
        ("name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nload = 0\n", "line 5"),
        ("name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nspeed = \"1x2\"\n", "`speed`"),
        (
            "name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nmachine = \"pi9\"\n",
            "line 5: machine",
        ),
        ("name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nspeeds = \"1y2\"\n", "line 5"),
        (
            "name = \"x\"\ntitle = \"t\"\npolicies = [\"round-robbin\"]\n[[setting]]\nname = \"a\"\n",
            "did you mean 'round-robin'",
        ),
        (
            "name = \"x\"\ntitle = \"t\"\npolicies = [\"random\", \"random\"]\n[[setting]]\nname = \"a\"\n",
            "line 3: policies: random stands there twice",
        ),
        (
            "name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nsweep = \"load\"\n",
            "line 5: sweep",
        ),
        (
            "name = \"x\"\ntitle = \"t\"\n[[setting]]\nname = \"a\"\nsweep = \"workers\"\nvalues = [1.5]\n",
            "line 6: values",
        ),
        ("name = \"x\"\ntitle = \"t\"\nduration = \"5\"\n[[setting]]\nname = \"a\"\n", "line 3"),
    ];
    for (text, said) in wrong {
        let error = Plan::parse(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}\nsays {error}\nand not {said}");
    }
}

#[test]
fn a_study_that_was_interrupted_goes_on_and_is_the_same_to_the_byte() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), plan());
    let (whole, torn) = (dir.path().join("whole"), dir.path().join("torn"));
    let study = run(&plan, &mut store(&whole, &plan), &Until(Mutex::new(NEVER))).unwrap();
    assert_eq!((study.settings.len(), study.cells.len()), (3, 9));
    assert_eq!(study.axis.as_deref(), Some("workers"));

    match run(&plan, &mut store(&torn, &plan), &Until(Mutex::new(5))) {
        Err(StudyError::Stopped { saved: 5, runs: 27 }) => {}
        other => panic!("{other:?}"),
    }
    // A power cut in the middle of a line.
    let path = torn.join(store::RUNS);
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 7]).unwrap();
    let (mut resumed, its_plan) = Store::open(&torn, None).unwrap();
    assert_eq!(its_plan, plan);
    let again = run(&its_plan, &mut resumed, &Until(Mutex::new(NEVER))).unwrap();
    assert_eq!(again, study);
    assert_eq!(texts(&whole), texts(&torn));
}

#[test]
fn a_folder_of_another_plan_is_not_gone_on_with_and_nothing_is_overwritten() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), plan());
    let folder = dir.path().join("study");
    drop(store(&folder, &plan));
    let other = Plan { seed: 2, ..plan.clone() };
    let error = Store::open(&folder, Some(&other)).err().unwrap().to_string();
    assert!(error.contains("seed differs"), "{error}");
    let held = Store::open(&folder, None).unwrap();
    assert!(matches!(Store::open(&folder, None), Err(StoreError::Taken { .. })));
    drop(held);
    let again = Store::create(&folder, &plan, &toml::Table::new());
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    std::fs::write(folder.join(store::RUNS), "{\"setting\":0}\n").unwrap();
    assert!(matches!(Store::open(&folder, None), Err(StoreError::BadRun { line: 1, .. })));
}

/// All policies get the same packets: what differs between two repeats is common to all.
#[test]
fn policies_share_their_random_numbers() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), plan());
    let study =
        run(&plan, &mut store(&dir.path().join("s"), &plan), &Until(Mutex::new(NEVER))).unwrap();
    let (_, runs) = store::read(&dir.path().join("s")).unwrap();
    let works = |policy: &str| {
        let of = |run: &&Saved| run.setting == 0 && run.repeat == 0 && run.policy == policy;
        let run = runs.iter().find(of).unwrap();
        run.figures
            .log
            .iter()
            .map(|packet| (packet.packet, packet.due, packet.service))
            .collect::<Vec<_>>()
    };
    let mut first = works("random");
    let mut second = works("shortest-queue:2");
    // Logged as they ended.
    first.sort_by_key(|packet| packet.0);
    second.sort_by_key(|packet| packet.0);
    assert_eq!(first, second);
    assert!(study.cells.iter().all(|cell| cell.means.len() == 3));
}

/// A second on two workers, one of them emulated: real threads, real time, a closed account.
#[test]
fn a_live_study_runs_on_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let text = "name = \"l\"\ntitle = \"Live\"\nmode = \"live\"\nrepeats = 1\nduration = \"1s\"\nwork = \"100us\"\n\
                policies = [\"randomized-least-connection\", \"peak-ewma\"]\n\
                [[setting]]\nname = \"two\"\nspeeds = \"1,0.5\"\nload = 0.3\n";
    let plan = Plan::parse(text).unwrap();
    assert_eq!((plan.mode, plan.duration), (Mode::Live, Duration::from_secs(1)));
    let study =
        run(&plan, &mut store(&dir.path().join("s"), &plan), &Until(Mutex::new(NEVER))).unwrap();
    for cell in &study.cells {
        assert!(cell.packets > 0 && cell.lost == 0, "{cell:?}");
        assert!((cell.share.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(cell.mean.mean > 0.1 && cell.p99.mean >= cell.p50.mean);
    }
    let names: Vec<&str> = study.settings[0].classes.iter().map(|class| &class.name[..]).collect();
    assert_eq!(names, ["performance", "efficiency"]);
}

#[test]
fn a_line_that_is_not_the_run_that_is_due_is_told() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), plan());
    let folder = dir.path().join("s");
    run(&plan, &mut store(&folder, &plan), &Until(Mutex::new(NEVER))).unwrap();
    let path = folder.join(store::RUNS);
    let text = std::fs::read_to_string(&path).unwrap();
    let without_third: Vec<&str> =
        text.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| line).collect();
    std::fs::write(&path, without_third.join("\n") + "\n").unwrap();
    assert!(matches!(Store::open(&folder, None), Err(StoreError::BadRun { line: 3, .. })));
    assert!(matches!(store::read(&folder), Err(StoreError::BadRun { line: 3, .. })));
    std::fs::write(&path, text.repeat(2)).unwrap();
    assert!(matches!(Store::open(&folder, None), Err(StoreError::BadRun { line: 28, .. })));
    // Stopped before the first run.
    std::fs::remove_file(&path).unwrap();
    assert!(Store::open(&folder, None).unwrap().0.saved().is_empty());
}

#[test]
fn what_would_be_silently_ignored_is_refused() {
    let head = "name = \"x\"\ntitle = \"t\"\n";
    let wrong = [
        "[[setting]]\nname = \"{x}\"\nspeeds = \"1x4\"\nsweep = \"workers\"\nvalues = [1, 2]\n",
        "[[setting]]\nname = \"{x}\"\nload = 0.5\nsweep = \"load\"\nvalues = [0.1, 0.2]\n",
        "[[setting]]\nname = \"same\"\n[[setting]]\nname = \"same\"\nload = 0.5\n",
        "[[setting]]\nname = \"same\"\nsweep = \"load\"\nvalues = [0.1, 0.2]\n",
        "policies = [\"random:2\"]\n[[setting]]\nname = \"a\"\n",
        "work = \"10ns\"\n[[setting]]\nname = \"a\"\n",
    ];
    for text in wrong {
        assert!(Plan::parse(&format!("{head}{text}")).is_err(), "{text}");
    }
    let fault =
        format!("{head}[[setting]]\nname = \"a\"\nworkers = 2\nfaults = [\"crash:9@1+1\"]\n");
    let error = check(&Plan::parse(&fault).unwrap()).unwrap_err().to_string();
    assert!(error.contains("setting 'a'") && error.contains("worker 9"), "{error}");
    let two_axes = "[[setting]]\nname = \"l{x}\"\nsweep = \"load\"\nvalues = [0.1, 0.2]\n\
                    [[setting]]\nname = \"w{x}\"\nsweep = \"workers\"\nvalues = [1, 2]\n";
    let plan = Plan::parse(&format!("{head}{two_axes}")).unwrap();
    assert_eq!(study(&plan, &[]).axis, None);
}
