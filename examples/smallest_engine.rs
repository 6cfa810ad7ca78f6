// The smallest embedding: readings in, work on every core, a closed account out.
//
// cargo run --release --example smallest_engine

use std::time::Duration;

use edge_dispatch::engine::Engine;
use edge_dispatch::job::Job;
use edge_dispatch::process::WorkerInfo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The work on one reading: here, what a Pt100 sensor's resistance says in °C.
    let work = |ohms: &f64, _: &WorkerInfo| Ok((ohms - 100.0) / 0.385);

    let mut engine = Engine::builder().process(work).start()?;
    let mut dispatcher = engine.dispatcher();
    for reading in 0..10_000u64 {
        let (sensor, ohms) = (reading % 16, 100.0 + (reading % 40) as f64);
        dispatcher.dispatch(Job::new(sensor, ohms))?;
    }
    let ledger = engine.drain(Duration::from_secs(5))?;
    println!("{ledger}");
    Ok(())
}
