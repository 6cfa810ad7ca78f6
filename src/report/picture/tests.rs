//! What holds for any picture: size, something in every panel, no panic, no leftovers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::class::Class;
use crate::ids::CpuId;
use crate::report::{estimate, read_rows, samples};

/// Pixels as RGB, row by row.
fn pixels(summary: &Summary) -> Vec<[u8; 3]> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("results_graph.png");
    draw(&path, summary).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width, info.height), SIZE);
    assert_eq!(info.color_type, png::ColorType::Rgb);
    bytes.as_chunks().0.to_vec()
}

fn colours_in(pixels: &[[u8; 3]], frame: Frame) -> BTreeSet<[u8; 3]> {
    let rows = pixels.chunks(SIZE.0 as usize).skip(frame.y as usize).take(frame.h as usize);
    rows.flat_map(|row| &row[frame.x as usize..frame.right() as usize]).copied().collect()
}

fn has_class(pixels: &[[u8; 3]], frame: Frame, class: Class) -> bool {
    let plotters::style::RGBColor(r, g, b) = colours::class(class);
    colours_in(pixels, frame).contains(&[r, g, b])
}

#[test]
fn every_panel_shows_its_classes() {
    let pixels = pixels(&samples::hybrid(4, 0, 4));
    for frame in [BARS, COMPARISON, HEAT, WAITS] {
        for class in [Class::Performance, Class::Efficiency] {
            assert!(has_class(&pixels, frame, class), "{class} in {frame:?}");
        }
        assert!(!has_class(&pixels, frame, Class::Middle(0)));
    }
    assert!(colours_in(&pixels, TITLE).len() > 10);
    assert!(colours_in(&pixels, HEAT).len() > 50);
}

#[test]
fn a_bar_is_as_tall_as_its_packets_are_many() {
    let mut summary = samples::hybrid(1, 0, 1);
    (summary.workers[0].packets, summary.workers[1].packets) = (8_000, 2_000);
    let pixels = pixels(&summary);
    let area = |class| {
        let plotters::style::RGBColor(r, g, b) = colours::class(class);
        let rows = pixels.chunks(SIZE.0 as usize).skip(BARS.y as usize).take(BARS.h as usize);
        let bars = rows.flat_map(|row| &row[..BARS.right() as usize]);
        bars.filter(|pixel| **pixel == [r, g, b]).count() as f64
    };
    let ratio = area(Class::Performance) / area(Class::Efficiency);
    assert!((ratio - 4.0).abs() < 0.1, "{ratio}");
}

#[test]
fn a_cell_without_a_figure_is_grey_and_every_other_has_its_colour() {
    let mut summary = samples::uniform(2);
    summary.core_utilization.rows = vec![vec![0.0, 1.0], vec![f32::NAN, 0.5]];
    let pixels = pixels(&summary);
    let seen = colours_in(&pixels, HEAT.inside(140, 60, 200, 70));
    let expected = [0.0, 1.0, f32::NAN, 0.5].map(|value| {
        let plotters::style::RGBColor(r, g, b) = colours::heat(value);
        [r, g, b]
    });
    let white = [255; 3];
    assert_eq!(seen, BTreeSet::from_iter(expected.into_iter().chain([white])));
}

#[test]
fn no_panel_is_empty_when_nothing_happened() {
    let pixels = pixels(&samples::without_packets());
    for frame in [TITLE, BARS, COMPARISON, HEAT, WAITS] {
        let below_head = frame.inside(0, 60, 0, 0);
        assert!(colours_in(&pixels, below_head).len() > 10, "{frame:?}");
    }
}

#[test]
fn nothing_is_drawn_over_the_edge_of_the_sheet() {
    for summary in [samples::hybrid(64, 64, 128), long_name(), samples::uniform(1)] {
        let pixels = pixels(&summary);
        let (w, h) = (SIZE.0 as i32, SIZE.1 as i32);
        let edges = [
            Frame { x: 0, y: 0, w, h: 12 },
            Frame { x: 0, y: h - 12, w, h: 12 },
            Frame { x: 0, y: 0, w: 12, h },
            Frame { x: w - 12, y: 0, w: 12, h },
        ];
        for edge in edges {
            assert_eq!(colours_in(&pixels, edge), BTreeSet::from([[255; 3]]), "{edge:?}");
        }
    }
}

#[test]
fn a_summary_that_contradicts_itself_is_drawn_all_the_same() {
    let mut summary = samples::hybrid(2, 1, 1);
    summary.core_utilization.rows.truncate(1);
    summary.core_utilization.rows[0].extend([f32::NAN, f32::INFINITY, -3.0]);
    summary.classes[0].wait_bars = vec![(u64::MAX, u64::MAX), (0, 1)];
    summary.classes[1].wait_ns.p99 = u64::MAX;
    summary.classes.remove(2);
    summary.workers[0].packets = u64::MAX;
    summary.workers[1].cpu = CpuId(u32::MAX);
    (summary.duration_s, summary.throughput_packets_per_s) = (f64::NAN, -1.0);
    summary.machine.model = "板\u{0}\u{202e}\n".repeat(500);
    assert!(has_class(&pixels(&summary), BARS, Class::Performance));
    summary.core_utilization.step_s = f64::INFINITY;
    pixels(&summary);
}

#[test]
fn without_a_worker_there_is_nothing_to_draw() {
    let mut summary = samples::without_packets();
    summary.workers.clear();
    let error = draw(Path::new("graph.png"), &summary).unwrap_err();
    assert!(matches!(error, ReportError::NothingToDraw { .. }), "{error}");
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let error = draw(Path::new("no/such/place/graph.png"), &samples::uniform(1)).unwrap_err();
    assert!(matches!(error, ReportError::CannotCreate { .. }), "{error}");
}

/// The largest count there is has a label, and the label stays on the sheet.
#[test]
fn labels_of_huge_numbers_stay_on_the_sheet() {
    let mut summary = samples::hybrid(1, 0, 1);
    for most in [999_000_000_000_000_000, u64::MAX] {
        summary.workers[0].packets = most;
        let left = Frame { x: 0, y: BARS.y + 60, w: 24, h: BARS.h - 60 };
        assert_eq!(colours_in(&pixels(&summary), left), BTreeSet::from([[255; 3]]), "{most}");
    }
}

/// Losses are said in the colour of warnings, and on a line of their own.
#[test]
fn a_run_that_lost_packets_says_so_in_the_title() {
    let warning = [colours::WARNING.0, colours::WARNING.1, colours::WARNING.2];
    let warns = |summary: &Summary| colours_in(&pixels(summary), TITLE).contains(&warning);
    let mut summary = samples::hybrid(1, 0, 1);
    assert!(!warns(&summary));
    summary.ledger.received += 135_222;
    summary.ledger.dropped.evicted = 135_222;
    assert!(warns(&summary));
}

/// Temperature takes its place from the heat map, and is drawn with limit and marks.
#[test]
fn a_warm_run_shows_its_temperature_and_when_it_was_throttled() {
    let strip = Frame { y: HEAT.bottom() - WARMTH + 8, h: WARMTH - 8, ..HEAT };
    let colour = |colour: plotters::style::RGBColor| [colour.0, colour.1, colour.2];
    let mut summary = samples::on_a_board(samples::hybrid(2, 0, 2));
    let inside = |pixels: &[[u8; 3]]| colours_in(pixels, strip.inside(140, 60, 150, 0));
    let warm = inside(&pixels(&summary));
    for seen in [colours::INK, colours::UNKNOWN, colours::WARNING] {
        assert!(warm.contains(&colour(seen)), "{seen:?}");
    }
    let thermal = summary.thermal.as_mut().unwrap();
    thermal.limit_c = None;
    thermal.throttled_over_time.rows[0].fill(0.0);
    assert!(!inside(&pixels(&summary)).contains(&colour(colours::WARNING)), "no limit, no marks");
    summary.thermal.as_mut().unwrap().over_time.rows.clear();
    let none = pixels(&summary);
    summary.thermal = None;
    assert!(
        none[SIZE.0 as usize * HEAT.y as usize..]
            == pixels(&summary)[SIZE.0 as usize * HEAT.y as usize..]
    );
}

/// Whatever a file says of temperatures is drawn without a panic and within the sheet.
#[test]
fn odd_temperatures_are_drawn_all_the_same() {
    for odd in [f32::NAN, f32::INFINITY, f32::MAX, -1e30, 0.0] {
        let mut summary = samples::on_a_board(samples::hybrid(1, 0, 1));
        let thermal = summary.thermal.as_mut().unwrap();
        thermal.over_time.rows[0][1] = odd;
        (thermal.over_time.step_s, thermal.limit_c) = (f64::from(odd), Some(f64::from(odd)));
        thermal.zones[0].celsius_max = Some(f64::from(odd));
        thermal.throttled_over_time.rows[0][0] = odd;
        let pixels = pixels(&summary);
        let edge = Frame { x: 0, y: SIZE.1 as i32 - 12, w: SIZE.0 as i32, h: 12 };
        assert_eq!(colours_in(&pixels, edge), BTreeSet::from([[255; 3]]), "{odd}");
    }
}

fn long_name() -> Summary {
    let mut summary = samples::hybrid(8, 0, 8);
    summary.machine.model = "An Industrial Gateway With A Very Long Name ".repeat(8);
    summary.policy = "a policy whose name says everything about it ".repeat(4);
    summary.machine.emulated = true;
    (summary.ledger.failed, summary.ledger.dropped.closed, summary.ledger.abandoned) = (1, 2, 3);
    summary
}

fn emulated() -> Summary {
    let mut summary = samples::hybrid(1, 0, 1);
    summary.machine.emulated = true;
    summary
}

fn shared() -> Summary {
    let mut summary = samples::uniform(6);
    summary.workers.iter_mut().for_each(|worker| worker.cpu = CpuId(worker.worker.0 % 2));
    summary.workers[4].pinned = false;
    summary
}

fn from_rows() -> Summary {
    let rows: Vec<_> = (0..9000u32)
        .map(|row| {
            let worker = row * row % 11 % 4;
            let class = if worker < 2 { Class::Performance } else { Class::Efficiency };
            (worker, class, u64::from(1 + row / 3000))
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assignments.csv");
    std::fs::write(&path, samples::csv(&rows)).unwrap();
    estimate(&read_rows(&path).unwrap())
}

/// Not a law but a look: `cargo test --lib example_pictures -- --ignored` says where they are.
#[test]
#[ignore = "draws pictures for a person to look at"]
fn example_pictures() {
    let dir = std::env::temp_dir().join("edge-dispatch-pictures");
    std::fs::create_dir_all(&dir).unwrap();
    let three =
        [vec![Class::Performance; 8], vec![Class::Middle(0); 24], vec![Class::Efficiency; 32]];
    let four = [Class::Performance, Class::Middle(1), Class::Middle(2), Class::Efficiency];
    let pictures = [
        ("uniform-1", samples::uniform(1)),
        ("uniform-2", samples::uniform(2)),
        ("emulated-2", emulated()),
        ("hybrid-8", samples::hybrid(4, 0, 4)),
        ("warm-8", samples::on_a_board(samples::hybrid(4, 0, 4))),
        ("warm-3-classes", samples::on_a_board(samples::hybrid(2, 3, 3))),
        ("hybrid-16", samples::hybrid(8, 0, 8)),
        ("hybrid-64-an-hour", samples::run(&three.concat(), 3600.0)),
        ("hybrid-256", samples::hybrid(64, 64, 128)),
        ("four-classes", samples::run(&four, 40.0)),
        ("shared-6", shared()),
        ("from-rows", from_rows()),
        ("without-packets", samples::without_packets()),
        ("long-name", long_name()),
    ];
    for (name, summary) in pictures {
        let path: PathBuf = dir.join(name).with_extension("png");
        draw(&path, &summary).unwrap();
        println!("{}\n{}", path.display(), crate::report::table(&summary));
    }
}
