//! The examples do what they show.

mod smallest_engine {
    include!("../examples/smallest_engine.rs");

    #[test]
    fn the_smallest_engine_runs() {
        main().unwrap();
    }
}

mod own_policy {
    include!("../examples/own_policy.rs");

    #[test]
    fn an_own_policy_runs() {
        main().unwrap();
    }
}

mod portable {
    include!("../examples/portable.rs");

    #[test]
    fn what_must_be_the_same_everywhere_is_printed() {
        main().unwrap();
    }
}
