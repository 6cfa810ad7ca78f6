//! The picture drawn again, from whole rows and from damaged ones.

use edge_dispatch::record::COLUMNS;

use super::place::Place;

fn header() -> String {
    COLUMNS.join(",") + "\n"
}

/// Rows of two workers, as a run writes them.
fn rows(count: u64) -> String {
    let row = |n: u64| {
        let (worker, at) = (n % 2, n * 1_000_000);
        let (started, finished) = (at + 5_000, at + 90_000);
        format!(
            "{n},s,load,{worker},{worker},{worker},uniform,0,0.00,{at},{started},{finished},processed,1\n"
        )
    };
    header() + &(0..count).map(row).collect::<String>()
}

fn is_picture(place: &Place, name: &str) -> bool {
    std::fs::read(place.path(name)).unwrap().starts_with(b"\x89PNG")
}

#[test]
fn with_the_summary_beside_the_rows_the_picture_is_exact() {
    let place = Place::new();
    place.run("run --duration 1s --rate 1000").exits(0);
    let first = std::fs::read(place.path("results/results_graph.png")).unwrap();
    std::fs::remove_file(place.path("results/results_graph.png")).unwrap();
    let said = place.run("plot results/assignments.csv").exits(0).prints(&["exact totals"]);
    assert!(!said.stdout.contains("left out"), "{}", said.stdout);
    let again = std::fs::read(place.path("results/results_graph.png")).unwrap();
    assert!(first == again, "the same picture, to the byte");
    place.run("plot results/assignments.csv --out other.png").exits(0).prints(&["other.png"]);
    assert!(is_picture(&place, "other.png"));
}

#[test]
fn without_a_summary_the_picture_is_said_to_be_estimated() {
    let place = Place::new();
    place.write("assignments.csv", rows(200));
    place.run("plot assignments.csv").exits(0).prints(&["results_graph.png", "estimated"]);
    assert!(is_picture(&place, "results_graph.png"));
}

#[test]
fn a_summary_that_cannot_be_read_is_said_and_done_without() {
    let place = Place::new();
    place.write("assignments.csv", rows(20));
    for bad in ["", "{", "[1]", "{\"schema_version\": 99}", "\u{0}\u{1}"] {
        place.write("summary.json", bad);
        let said = place.run("plot assignments.csv").exits(0);
        said.prints(&["summary.json", "going on without it", "estimated"]);
    }
}

#[test]
fn a_file_torn_by_a_power_cut_is_drawn_as_far_as_it_is_whole() {
    let place = Place::new();
    let text = rows(200);
    for cut in [1, 3, 40] {
        place.write("assignments.csv", &text[..text.len() - cut]);
        let said = place.run("plot assignments.csv").exits(0);
        said.prints(&["1 torn row left out", "line 201", "estimated"]);
    }
}

#[test]
fn a_torn_file_beside_its_summary_says_how_many_rows_there_were() {
    let place = Place::new();
    place.run("run --duration 1s --rate 4000").exits(0);
    let path = place.path("results/assignments.csv");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let recorded = place.summary("results").recorded_rows;
    let said = place.run("plot results/assignments.csv").exits(0).prints(&["torn row left out"]);
    // Both counts have their thousands set apart, in the same way.
    let whole = format!("recorded {} rows, {} are whole", apart(recorded), apart(recorded - 1));
    said.prints(&[&whole]);
}

#[test]
fn bad_rows_in_the_middle_are_left_out_and_counted() {
    let place = Place::new();
    place.write("assignments.csv", format!("{}rubbish\n1,2,3\n", rows(10)));
    let said = place.run("plot assignments.csv").exits(0);
    said.prints(&["2 bad rows left out", "line 12", "columns"]);
}

#[test]
fn what_holds_no_rows_is_refused_with_a_fitting_code() {
    let place = Place::new();
    place.write("empty.csv", "");
    place.write("header.csv", header());
    place.write("half.csv", &header()[..30]);
    place.write("garbage.csv", b"\x00\xFA\x07\n".repeat(2_000));
    place.write("other.csv", "a,b\n1,2\n");
    for (name, expected) in [
        ("empty.csv", "is empty"),
        ("header.csv", "no row"),
        ("half.csv", "ends in its first line"),
        ("garbage.csv", "expected 'sequence,sensor"),
        ("other.csv", "'a,b'"),
    ] {
        let said = place.run(&format!("plot {name}")).exits(65);
        said.complains(&[name, expected, "name an assignments.csv"]);
    }
    let said = place.run("plot none.csv").exits(66).complains(&["none.csv", "--results DIR"]);
    assert_eq!(said.stderr.matches("No such file").count(), 1, "said once: {}", said.stderr);
    assert!(!place.path("results_graph.png").exists());
}

#[test]
fn a_picture_that_cannot_be_made_is_said() {
    let place = Place::new();
    place.write("assignments.csv", rows(10));
    place.write("folder.png/file", "");
    for out in ["none/picture.png", "folder.png", "assignments.csv/picture.png"] {
        let said = place.run(&format!("plot assignments.csv --out {out}")).exits(73);
        said.complains(&[out, "cannot create"]);
    }
    let rows = std::fs::read(place.path("assignments.csv")).unwrap();
    for out in ["picture", "picture.jpg", "assignments.csv", ".png"] {
        let said = place.run(&format!("plot assignments.csv --out {out}")).exits(64);
        said.complains(&[out, "ends in .png"]);
    }
    assert!(std::fs::read(place.path("assignments.csv")).unwrap() == rows);
    place.run("plot").exits(64).complains(&["<ROWS>"]);
}

/// A count with its thousands set apart.
fn apart(count: u64) -> String {
    assert!(count < 1_000_000);
    if count < 1_000 {
        count.to_string()
    } else {
        format!("{},{:03}", count / 1_000, count % 1_000)
    }
}
