//! Models of dispatching that have no closed form, or only one for very many workers.

use super::{Expressed, NO_MEAN, NO_RULE, Subject, run, usual_figure};
use crate::reference::Row;
use crate::rules::Own;
use crate::scene::{Rule, Scene};

const SHORTEST: &str = "shortest-queue";

/// Half of the workers of the larger scene that stands for very many.
const HALF: u32 = 128;

pub fn limit(row: &Row) -> Expressed {
    let figure = usual_figure(row);
    let scene = |workers: u32| {
        if row.model.starts_with("power-of-2") {
            let name = match row.word("key") {
                "raw" => SHORTEST,
                "sed" => "shortest-expected-delay",
                _ => "least-connection",
            };
            let speeds = format!("1x{0},0.55x{0}", workers / 2);
            Scene::new(Rule::Named(name, Some(2)), speeds, row.number("rho"))
        } else {
            let draws = row.number("d") as u32;
            let speeds = format!("1x{workers}");
            Scene::new(Rule::Named(SHORTEST, Some(draws)), speeds, row.number("lambda"))
        }
    };
    if row.params.ends_with("d=1") {
        // One draw: each worker is a queue by itself, however many there are.
        return run(Scene::named("random", "1", row.number("lambda")), figure);
    }
    Expressed::As(Subject::Limit(scene(HALF), scene(2 * HALF)), figure)
}

pub fn idle_queues(row: &Row) -> Expressed {
    let (speeds, queues) = (format!("1x{}", row.n), row.number("m") as u32);
    let scene = Scene::new(Rule::Own(Own::IdleQueues(queues)), speeds, row.number("lambda"));
    run(scene, usual_figure(row))
}

pub fn draws(row: &Row) -> Expressed {
    let (speeds, draws) = (format!("1x{}", row.n), row.number("d") as u32);
    let rule = if row.params.ends_with("with replacement") {
        Rule::Own(Own::Replacing(draws))
    } else {
        Rule::Named(SHORTEST, Some(draws))
    };
    run(Scene::new(rule, speeds, row.number("lambda")), usual_figure(row))
}

pub fn stale(row: &Row) -> Expressed {
    // The rows do not say so, but n = 16 tells: they draw with replacement (2.782 at load 0.5 and
    // T = 50, where distinct draws herd more and have 2.93).
    let rule = match row.word("d") {
        "all" => Rule::Named(SHORTEST, None),
        _ => Rule::Own(Own::Replacing(row.number("d") as u32)),
    };
    let scene = Scene::new(rule, format!("1x{}", row.n), row.number("lambda"));
    run(scene.stale(row.number("T")), usual_figure(row))
}

/// What the rows call the speeds of unequal workers.
fn speeds(row: &Row) -> String {
    let named = ["8P8E.55", "rk3588"].into_iter().find(|name| row.params.contains(name));
    match named {
        Some("8P8E.55") => "1x8,0.55x8".to_owned(),
        Some(_) => "0.517578125x4,1x4".to_owned(),
        None => format!("1x{}", row.n),
    }
}

/// Rows that name a policy.
pub fn study(row: &Row) -> Expressed {
    let load_key = if row.params.contains("rho=") { "rho" } else { "lambda" };
    let (policy, speeds, load) = (row.word("policy"), speeds(row), row.number(load_key));
    let is_equal = !speeds.contains(',');
    if !is_equal && load > 0.775 && matches!(policy, "random" | "rr") {
        return Expressed::Not(NO_MEAN);
    }
    if let Some(sampled) = policy.strip_prefix("seed_util_") {
        return sampled_utilization(row, sampled, speeds, load);
    }
    if let Some(queue) = policy.strip_suffix("_staleQ_100ms") {
        let is_two = queue == "p2c";
        let rule = if is_two { Rule::Own(Own::Replacing(2)) } else { Rule::Named(SHORTEST, None) };
        return run(Scene::new(rule, speeds, load).stale(50.0), usual_figure(row));
    }
    let rule = match policy {
        "random" => Rule::Named("random", None),
        "rr" => Rule::Named("round-robin", None),
        "wrr" | "wrr_prop" => Rule::Named("weighted-round-robin", None),
        "wrand_prop" => Rule::Named("weighted-random", None),
        "p2c_norepl" => Rule::Named("randomized-least-connection", Some(2)),
        "p3c_norepl" => Rule::Named("randomized-least-connection", Some(3)),
        "p2c_repl" => Rule::Own(Own::Replacing(2)),
        "p2c_sed" => Rule::Named("randomized-least-connection", Some(2)),
        "p2c_q/s" => Rule::Named("least-connection", Some(2)),
        "p2c_raw" | "p2c_inflight" => Rule::Named(SHORTEST, Some(2)),
        "jsq" => Rule::Named(SHORTEST, None),
        "sed" => Rule::Named("shortest-expected-delay", None),
        "lwl" => Rule::Named("least-work-left", None),
        "jiq" if is_equal => Rule::Named("join-idle-queue", None),
        // The product's falls back by capacity, on purpose.
        "jiq" => Rule::Own(Own::IdleElseAny),
        "combo_p2c_sed+util100ms" => return Expressed::Not(NO_RULE),
        policy => panic!("{}: what is {policy}?", row.id),
    };
    let service = match row.params.split(' ').find_map(|word| word.strip_prefix("svc=")) {
        Some("det") => "deterministic",
        Some("H2c4") => "hyper:4",
        _ => "exponential",
    };
    run(Scene::new(rule, speeds, load).service(service), usual_figure(row))
}

/// `100ms_exact_randtie`: the window, how utilization is read, who has a tie. A unit is 2 ms.
fn sampled_utilization(row: &Row, sampled: &str, speeds: String, load: f64) -> Expressed {
    let units = match sampled.split_once('_').map(|(window, _)| window) {
        Some("10ms") => 5.0,
        Some("100ms") => 50.0,
        Some("1s") => 500.0,
        window => panic!("{}: what is a window of {window:?}?", row.id),
    };
    let first = sampled.ends_with("firsttie");
    let rule = if sampled.contains("exact") {
        Rule::Own(Own::FreestAny)
    } else if first && !speeds.contains(',') {
        // Equal workers take turns of a window each whether busy time is counted in ticks or not.
        Rule::Named("freest-core", None)
    } else {
        Rule::Own(Own::FreestTicks { ticks: (units / 5.0) as u32, first })
    };
    run(Scene::new(rule, speeds, load).stale(units), usual_figure(row))
}
