//! Other values of the same models: loads, numbers and speeds that no row has, so that nothing
//! can be right for the rows alone.

use super::chains::{Joins, solve};
use super::express::{Check, Figure, Subject};
use super::forms::*;
use super::scene::{Rule, Scene};
use super::waits::equal_work_percentile;

/// A list that numbers its checks.
#[derive(Default)]
struct List(Vec<Check>);

impl List {
    fn add(&mut self, model: &str, subject: Subject, figure: Figure, value: f64) {
        let scene = match &subject {
            Subject::Run(scene) | Subject::Limit(scene, _) => scene,
        };
        let (load, service, workers) = (scene.load, &scene.service, scene.workers());
        let n = if matches!(subject, Subject::Run(_)) { workers.to_string() } else { "inf".into() };
        let speeds = if workers == 1 { String::new() } else { format!(" {}", scene.speeds) };
        let draws = match scene.rule {
            Rule::Named(_, Some(draws)) => format!(" d={draws}"),
            _ => String::new(),
        };
        self.0.push(Check {
            id: format!("B{:03}", self.0.len() + 1),
            model: format!("beyond: {model}"),
            n,
            params: format!("rho={load}{speeds}{draws} {service}"),
            metric: format!("{figure:?}"),
            value,
            // What solving by numbers leaves.
            width: 1e-6 * value.abs(),
            is_simulated: false,
            subject,
            figure,
        });
    }

    fn run(&mut self, model: &str, scene: Scene, figure: Figure, value: f64) {
        self.add(model, Subject::Run(scene), figure, value);
    }
}

/// All of them.
pub fn checks() -> Vec<Check> {
    let mut list = List::default();
    one_queue(&mut list);
    many_queues(&mut list);
    draws(&mut list);
    chains(&mut list);
    list.0
}

fn one_queue(list: &mut List) {
    for (workers, load) in [(1, 0.65), (2, 0.7), (3, 0.9), (6, 0.6), (12, 0.85), (24, 0.92)] {
        let scene = Scene::named("least-work-left", format!("1x{workers}"), load);
        list.run("M/M/c", scene.clone(), Figure::Mean, mmc_mean(workers, load));
        list.run("M/M/c", scene.clone(), Figure::P99, mmc_p99(workers, load));
        list.run("M/M/c", scene, Figure::Waited, erlang_c(workers, load));
    }
    let services = [
        ("deterministic", 0.0),
        ("uniform", 1.0 / 3.0),
        ("erlang:4", 0.25),
        ("exponential", 1.0),
        ("hyper:2", 2.0),
    ];
    for (service, scv) in services {
        for load in [0.3, 0.6, 0.85] {
            let scene = Scene::named("random", "1", load).service(service);
            list.run("M/G/1", scene.clone(), Figure::Mean, mg1_mean(load, scv));
            // Arrivals see what is there on average.
            list.run("M/G/1", scene, Figure::Waited, load);
        }
    }
    for load in [0.4, 0.65, 0.85] {
        let scene = Scene::named("random", "1", load).service("deterministic");
        for (figure, part) in [(Figure::P50, 0.5), (Figure::P95, 0.95), (Figure::P99, 0.99)] {
            list.run("M/D/1", scene.clone(), figure, equal_work_percentile(load, part));
        }
    }
}

fn many_queues(list: &mut List) {
    for (workers, load) in [(3, 0.7), (5, 0.9), (12, 0.6), (32, 0.85)] {
        let scene = Scene::named("round-robin", format!("1x{workers}"), load);
        let rate = round_robin_rate(workers, load);
        list.run("round robin E_n/M/1", scene.clone(), Figure::Mean, 1.0 / rate);
        list.run("round robin E_n/M/1", scene, Figure::P99, 100f64.ln() / rate);
    }
    let unequal = [("1x4,0.4x4", [1.0, 0.4], 0.5), ("1x2,0.7x2", [1.0, 0.7], 0.75)];
    for (text, speeds, load) in unequal {
        let total = load * (speeds[0] + speeds[1]);
        let by_speed = split_mean(&speeds, &speeds.map(|speed| speed * load));
        let scene = |name| Scene::named(name, text, load);
        list.run("split", scene("weighted-random"), Figure::Mean, by_speed);
        let evenly = split_mean(&speeds, &[total / 2.0; 2]);
        list.run("split", scene("random"), Figure::Mean, evenly);
    }
    for (name, speeds, load, grows) in [
        ("round-robin", "1x8,0.55x8", 0.8, 1.0),
        ("random", "1x4", 1.1, 1.0),
        ("shortest-expected-delay", "1x8,0.55x8", 0.8, 0.0),
    ] {
        list.run("growth", Scene::named(name, speeds, load), Figure::Unstable, grows);
    }
}

fn draws(list: &mut List) {
    for (draws, load) in [(2, 0.4), (2, 0.7), (3, 0.6), (4, 0.85)] {
        let rule = Rule::Named("shortest-queue", Some(draws));
        let scene = |workers: u32| Scene::new(rule, format!("1x{workers}"), load);
        let limit = Subject::Limit(scene(128), scene(256));
        let mean = shortest_of_draws_mean(load, draws);
        list.add("shortest of d, many workers", limit.clone(), Figure::Mean, mean);
        let p99 = shortest_of_draws_p99(load, draws);
        list.add("shortest of d, many workers", limit, Figure::P99, p99);
    }
}

fn chains(list: &mut List) {
    let each = [
        ("shortest-queue", Joins::Shorter, 1.0, 0.3),
        ("shortest-queue", Joins::Shorter, 1.0, 0.7),
        ("shortest-queue", Joins::Shorter, 0.4, 0.6),
        ("shortest-expected-delay", Joins::Delay, 0.4, 0.7),
        ("shortest-expected-delay", Joins::Delay, 0.5, 0.75),
        ("shortest-expected-delay", Joins::Delay, 0.9, 0.5),
        ("least-connection", Joins::PerSpeed, 0.7, 0.6),
        ("least-connection", Joins::PerSpeed, 0.5, 0.75),
    ];
    for (name, joins, slow, load) in each {
        let solved = solve(joins, slow, load, 60);
        let scene = Scene::named(name, format!("1,{slow}"), load);
        list.run("chain of two", scene.clone(), Figure::Mean, solved.mean);
        list.run("chain of two", scene, Figure::FirstHalf, solved.first);
    }
    // Two draws of two are all there is.
    let all = Rule::Named("randomized-least-connection", Some(2));
    let mean = solve(Joins::Shorter, 1.0, 0.6, 60).mean;
    list.run("chain of two", Scene::new(all, "1x2", 0.6), Figure::Mean, mean);
}
