//! Models that are solved: single queues, splits, small chains.

use super::{Expressed, Figure, INPUT, RARE, run, usual_figure};
use crate::reference::Row;
use crate::rules::Own;
use crate::scene::{Rule, Scene};

/// 530/1024, in which binary numbers are exact.
const RK3588: &str = "0.517578125";

pub fn one_model(row: &Row) -> Expressed {
    let (workers, load) = (format!("1x{}", row.n), row.number("rho"));
    let scene = match row.model.as_str() {
        model if model.starts_with("M/M/c") => Scene::named("least-work-left", workers, load),
        model if model.starts_with("Round robin") => Scene::named("round-robin", workers, load),
        // One worker: the rule does not matter.
        _ => Scene::named("random", "1", load).service(service(row)),
    };
    let figure = usual_figure(row);
    if figure == Figure::Waited && (1e-6..1e-3).contains(&row.figure()) {
        return Expressed::Not(RARE);
    }
    run(scene, figure)
}

fn service(row: &Row) -> &'static str {
    let has = |word: &str| row.params.split(' ').any(|other| other == word);
    if row.model.starts_with("M/D/1") || has("D") {
        "deterministic"
    } else if has("M") {
        "exponential"
    } else if has("Erlang2") {
        "erlang:2"
    } else if has("scv=9") {
        "hyper:9"
    } else {
        "hyper:4"
    }
}

pub fn split(row: &Row) -> Expressed {
    let speeds = if row.model.contains("static") {
        pair(row)
    } else if row.model.contains("530/1024") {
        format!("1x4,{RK3588}x4")
    } else {
        "1x8,0.55x8".to_owned()
    };
    let load = row.number("rho");
    if row.metric.starts_with("optimal rate") {
        return Expressed::Not(INPUT);
    }
    if row.value == "UNSTABLE" {
        return run(Scene::named("random", speeds, load), Figure::Unstable);
    }
    let scene = match row.metric.as_str() {
        "E[T] proportional random" => Scene::named("weighted-random", speeds, load),
        "E[T] uniform random" => Scene::named("random", speeds, load),
        _ => Scene::new(Rule::Own(Own::OptimalSplit), speeds, load),
    };
    run(scene, Figure::Mean)
}

/// The two speeds of `mu=(1,0.55) rho=0.5`.
fn pair(row: &Row) -> String {
    let slow = if row.params.contains("530/1024") { RK3588 } else { "0.55" };
    format!("1,{slow}")
}

pub fn chain(row: &Row) -> Expressed {
    let model = row.model.as_str();
    let scene = if model.contains("2 speeds") {
        let (speeds, load) = (pair(row), row.number("rho"));
        match model {
            model if model.starts_with("SED") => {
                Scene::named("shortest-expected-delay", speeds, load)
            }
            model if model.starts_with("q/mu") => Scene::named("least-connection", speeds, load),
            model if model.contains("ties to fast") => {
                Scene::new(Rule::Own(Own::TiesToFirst), speeds, load)
            }
            _ => Scene::named("shortest-queue", speeds, load),
        }
    } else {
        let (speeds, load) = (format!("1x{}", row.n), row.number("lambda"));
        let draws = model.strip_prefix("JSQ(").and_then(|rest| rest[..1].parse().ok());
        match draws {
            Some(draws) if model.contains("with replacement") => {
                Scene::new(Rule::Own(Own::Replacing(draws)), speeds, load)
            }
            draws => Scene::new(Rule::Named("shortest-queue", draws), speeds, load),
        }
    };
    run(scene, usual_figure(row))
}
