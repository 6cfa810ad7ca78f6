//! The engine: its whole real path, as an embedder drives it.

use std::time::Duration;

use edge_dispatch::dispatch::Dispatcher;
use edge_dispatch::engine::Engine;
use edge_dispatch::names::SensorNames;
use edge_dispatch::order::{Order, OrderRule};
use edge_dispatch::recorder::RecordOptions;

use crate::crew::Crew;
use crate::packet::{BATCH, Packets, Payload, Work};
use crate::side::{BOUND, Measured, Run, Shape, Side};

/// How the engine is set; each variant is a side of its own.
#[derive(Clone, Copy, Debug)]
pub enum Variant {
    /// As it comes: any worker, any order, nothing recorded.
    Plain,
    /// A sensor's packets stay at one worker while any is in flight.
    Sticky,
    /// Any worker, results released in each sensor's sequence.
    Ordered,
    /// Every packet recorded.
    Recorded,
}

impl Variant {
    fn name(self) -> &'static str {
        match self {
            Variant::Plain => "engine",
            Variant::Sticky => "engine-sticky",
            Variant::Ordered => "engine-ordered",
            Variant::Recorded => "engine-recorded",
        }
    }
}

/// See the head of this file.
pub struct ThroughEngine(pub Variant);

impl Side for ThroughEngine {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn takes(&self, shape: Shape) -> bool {
        matches!(self.0, Variant::Plain) || shape.load().is_none()
    }

    fn does(&self, work: Work) -> bool {
        match self.0 {
            Variant::Plain => true,
            Variant::Sticky | Variant::Ordered => work == Work::Micro,
            Variant::Recorded => work == Work::TenMicros,
        }
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let hands = crew.clone();
        let folder = tempfile::tempdir().expect("a folder for the record");
        let builder = match self.0 {
            Variant::Plain => Engine::builder(),
            Variant::Sticky => Engine::builder().order(OrderRule::all(Order::Sticky)),
            Variant::Ordered => Engine::builder().order(OrderRule::all(Order::Ordered)),
            Variant::Recorded => Engine::builder().record(RecordOptions {
                path: folder.path().join("assignments.csv"),
                limit_bytes: 256 << 20,
                names: SensorNames::default(),
            }),
        };
        let mut engine = builder
            .seed(run.seed)
            .inbox_bound(BOUND as u32)
            .process_into(move |info| hands.hand(info.worker.index()), |_| drop)
            .start()
            .expect("the engine starts");
        let mut dispatcher = engine.dispatcher();
        let timed = match run.shape {
            Shape::Batch => crew.time(run, |packets| in_batches(&mut dispatcher, packets)),
            Shape::Single | Shape::Open { .. } => crew.send_singly(run, |packet| {
                dispatcher.dispatch(packet).expect("the engine takes all");
            }),
        };
        let closing = engine.finish(Duration::from_secs(60));
        assert_eq!(closing.last.ledger.processed, run.packets, "the ledger has all packets");
        crew.measured(run, timed)
    }
}

fn in_batches(dispatcher: &mut Dispatcher<Payload>, packets: &mut Packets) {
    let mut batch = Vec::with_capacity(BATCH);
    while packets.left() > 0 {
        batch.extend(packets.take(BATCH));
        dispatcher.dispatch_batch(&mut batch);
        assert!(batch.is_empty(), "the engine takes all");
    }
}
