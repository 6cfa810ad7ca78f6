use super::*;
use proptest::prelude::*;

const ANCHORS: &str = include_str!("../../tests/fixtures/power_anchors.csv");

/// The text under `value` in the only row of `machine` whose quantity is `quantity`.
fn anchor(machine: &str, quantity: &str) -> String {
    let mut rows = csv::Reader::from_reader(ANCHORS.as_bytes());
    let found = rows
        .records()
        .map(|row| row.expect("a row"))
        .filter(|row| row[0].starts_with(machine) && &row[1] == quantity);
    let values: Vec<String> = found.map(|row| row[2].to_owned()).collect();
    assert_eq!(values.len(), 1, "{machine}, {quantity}: {values:?}");
    values[0].clone()
}

/// The numbers in an anchor such as `2.4 / 2.2 / 5.4`.
fn numbers(machine: &str, quantity: &str) -> Vec<f64> {
    let value = anchor(machine, quantity);
    value.split('/').map(|part| part.trim().trim_start_matches('~').parse().expect("W")).collect()
}

fn number(machine: &str, quantity: &str) -> f64 {
    numbers(machine, quantity)[0]
}

fn model(name: &str) -> PowerModel {
    PowerModel::by_name(name).expect("a built-in board")
}

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-3, "{value} instead of {expected}");
}

/// Idle watts, watts of a busy performance core and of a busy efficiency core.
fn figures(model: &PowerModel) -> [f64; 3] {
    let active = |class| model.active_watts(class);
    [model.idle_watts(), active(Class::Performance), active(Class::Efficiency)]
}

fn busy(class: Class) -> CoreLoad {
    CoreLoad { class, busy: 1.0, frequency: 1.0 }
}

fn derived_pi_5() -> [f64; 3] {
    let loaded = number("Raspberry Pi 5 rev1.0", "VDD_CORE rail 4 busy cores");
    let rails = number("Raspberry Pi 5 rev1.0", "sum of 12 PMIC rails 4 busy cores");
    let idle = number("Raspberry Pi 5", "VDD_CORE idle");
    let core = (loaded - idle) / 4.0;
    [rails - loaded + idle, core, core]
}

fn derived_pi_4() -> [f64; 3] {
    let first = numbers("Raspberry Pi 4B", "board baseline / idle / high load");
    let second = numbers("Raspberry Pi 4B", "idle 540 mA .. 400% stress 1280 mA @5V");
    let idle = (first[1] + second[0]) / 2.0;
    let core = ((first[2] + second[1]) / 2.0 - idle) / 4.0;
    [idle, core, core]
}

fn derived_rk3588() -> [f64; 3] {
    let low = number("Rock 5B RK3588", "idle wall everything powersave");
    let high = number("Rock 5B RK3588", "idle wall all governors performance (cumulative)");
    let milliwatts = |machine, quantity| number(machine, quantity) / 1000.0;
    [
        (low + high) / 2.0,
        milliwatts("A76 (RK3588)", "EM dynamic power 2400MHz 1000mV coef 300"),
        milliwatts("A55 (RK3588)", "EM dynamic power 1800MHz 950mV coef 100"),
    ]
}

fn derived_i9() -> [f64; 3] {
    let package = numbers("Core i9-12900K", "package idle / one P core / all 8P+8E");
    let efficiency = numbers("Core i9-12900K", "one E core over idle / 8 E cores total")[1];
    [package[0], (package[2] - package[0] - efficiency) / 8.0, efficiency / 8.0]
}

fn assert_figures(name: &str, derived: [f64; 3]) {
    for (built_in, derived) in figures(&model(name)).into_iter().zip(derived) {
        near(built_in, derived);
    }
}

#[test]
fn built_in_figures_are_those_that_the_anchors_give() {
    assert_figures("raspberry-pi-5", derived_pi_5());
    assert_figures("raspberry-pi-4", derived_pi_4());
    assert_figures("rk3588", derived_rk3588());
    assert_figures("i9-12900k", derived_i9());
    assert_figures("generic-x86", derived_i9());
    let (pi_5, pi_4, rk) = (derived_pi_5(), derived_pi_4(), derived_rk3588());
    let mean_core = (pi_5[1] + pi_4[1] + rk[1]) / 3.0;
    assert_figures("generic-arm", [(pi_5[0] + pi_4[0]) / 2.0, mean_core, rk[2]]);
}

/// The voltage at `mhz`, relative to that at `top_mhz`.
fn volts(machine: &str, table: &str, mhz: u32, top_mhz: u32) -> f64 {
    let at = |mhz| number(machine, &format!("OPP {table} {mhz} MHz"));
    at(mhz) / at(top_mhz)
}

#[test]
fn built_in_voltages_are_those_of_the_operating_points() {
    for mhz in [1500, 1800, 2100, 2400] {
        let measured = volts("Raspberry Pi 5", "opp-table-threadx-0", mhz, 2400);
        near(boards::voltage(boards::PI_5_VOLTS, f64::from(mhz) / 2400.0), measured);
    }
    for mhz in [408, 1200, 1608, 2016, 2400] {
        let measured = volts("RK3588 Rock 5B", "cluster1-opp-table", mhz, 2400);
        near(boards::voltage(boards::RK3588_VOLTS, f64::from(mhz) / 2400.0), measured);
    }
}

#[test]
fn a_slower_clock_saves_as_much_as_the_golden_vector_says() {
    let pi_5 = model("raspberry-pi-5");
    let ratio = pi_5.frequency_factor(1500.0 / 2400.0);
    assert!((ratio - 0.4281).abs() < 1e-4, "{ratio}");
    assert!((ratio / (1500.0 / 2400.0) - 0.6849).abs() < 1e-4, "{ratio}");
    let half = model("rk3588").frequency_factor(0.5);
    let computed = number("A76 (RK3588)", "EM dynamic power 1200MHz 675mV coef 300") / 1000.0;
    near(0.720 * half, computed);
}

/// The anchors that a board's figures were not made from, or were averaged away in.
#[test]
fn the_stated_uncertainty_covers_every_anchor_of_the_board() {
    let covers = |model: &PowerModel, modelled: f64, measured: f64| {
        let off = (measured - modelled).abs() / modelled;
        assert!(off <= model.uncertainty(), "{}: off by {off}", model.source());
    };
    let pi_5 = model("raspberry-pi-5");
    let idle = number("Raspberry Pi 5", "VDD_CORE idle");
    let copying = number("Raspberry Pi 5", "VDD_CORE 2-thread memcpy");
    let two = pi_5.watts([busy(Class::Uniform); 2]);
    covers(&pi_5, two, pi_5.idle_watts() + copying - idle);

    let pi_4 = model("raspberry-pi-4");
    for measured in [2.2, 2.7] {
        covers(&pi_4, pi_4.idle_watts(), measured);
    }
    for measured in [5.4, 6.4] {
        covers(&pi_4, pi_4.watts([busy(Class::Uniform); 4]), measured);
    }
    let i9 = model("i9-12900k");
    let lone = numbers("Core i9-12900K", "package idle / one P core / all 8P+8E")[1];
    covers(&i9, i9.watts([busy(Class::Performance)]), lone);
    let rk = model("rk3588");
    for measured in [1.49, 2.22] {
        covers(&rk, rk.idle_watts(), measured);
    }
}

#[test]
fn a_machine_is_known_by_its_own_words() {
    let cases = [
        ("Raspberry Pi 5 Model B Rev 1.0", "model (raspberry-pi-5)"),
        ("Raspberry Pi 4 Model B Rev 1.1", "model (raspberry-pi-4)"),
        ("Radxa ROCK 5B", "model (rk3588)"),
        ("12th Gen Intel(R) Core(TM) i9-12900K", "model (i9-12900k)"),
        ("13th Gen Intel(R) Core(TM) i5-13400", "model (generic-x86)"),
        ("AMD Ryzen 7 7840U", "model (generic-x86)"),
    ];
    for (words, source) in cases {
        assert_eq!(PowerModel::of_machine(words, false).source(), source);
    }
    let unknown = PowerModel::of_machine("Model 9000", false);
    assert!(unknown.uncertainty() >= 1.0 && unknown.source().starts_with("model (generic-"));
}

#[test]
fn every_board_has_a_name_and_a_reason() {
    for name in NAMES {
        let model = model(name);
        assert!(model.uncertainty() > 0.0 && !model.uncertainty_reason().is_empty());
        assert_eq!(model.source(), format!("model ({name})"));
    }
    assert_eq!(PowerModel::by_name("toaster"), None);
}

/// Emulated slowness waits busily: the core draws what it always draws.
#[test]
fn an_emulated_class_draws_what_its_core_draws() {
    let emulated = PowerModel::of_machine("13th Gen Intel(R) i5-13400", false);
    let real = PowerModel::of_machine("13th Gen Intel(R) i5-13400", true);
    assert_eq!(emulated.active_watts(Class::Efficiency), emulated.active_watts(Class::Uniform));
    let [_, performance, efficiency] = figures(&real);
    let middle = real.active_watts(Class::Middle(1));
    assert!(efficiency < middle && middle < performance, "{efficiency} {middle} {performance}");
}

#[test]
fn a_given_figure_replaces_the_built_in_one_and_is_named() {
    let given = model("rk3588").with_idle_watts(3.0).expect("a power");
    assert_eq!((given.idle_watts(), &*given.source()), (3.0, "model (rk3588, idle watts given)"));
    let given = given.with_active_watts(Class::Efficiency, 0.5).expect("a power");
    let given = given.with_active_watts(Class::Efficiency, 0.25).expect("a power");
    assert_eq!(given.active_watts(Class::Efficiency), 0.25);
    assert_eq!(given.source(), "model (rk3588, idle and active watts given)");
    let joules = given.joules(&[(Class::Efficiency, 4_000_000_000)], 10_000_000_000);
    assert_eq!(joules, 3.0 * 10.0 + 0.25 * 4.0);
}

#[test]
fn what_is_no_power_is_refused() {
    for watts in [-1.0, f64::NAN, f64::INFINITY, 10_001.0] {
        assert!(model("rk3588").with_idle_watts(watts).is_err());
        assert!(model("rk3588").with_active_watts(Class::Uniform, watts).is_err());
    }
}

proptest! {
    /// More work or a faster clock never draws less, and nothing draws less than idle.
    #[test]
    fn more_work_never_draws_less(
        name in prop::sample::select(&NAMES[..]),
        class in prop::sample::select(vec![
            Class::Uniform, Class::Performance, Class::Middle(2), Class::Efficiency,
        ]),
        load in (0.0f64..=1.0, 0.0f64..=1.0),
        more in (0.0f64..=1.0, 0.0f64..=1.0),
    ) {
        let model = model(name);
        let little = CoreLoad { class, busy: load.0, frequency: load.1 };
        let much = CoreLoad { class, busy: load.0.max(more.0), frequency: load.1.max(more.1) };
        prop_assert!(model.watts([]) <= model.watts([little]));
        prop_assert!(model.watts([little]) <= model.watts([much]) + 1e-12);
    }

    #[test]
    fn any_load_gives_a_finite_power(busy in prop::num::f64::ANY, frequency in prop::num::f64::ANY) {
        let watts = model("i9-12900k").watts([CoreLoad { class: Class::Performance, busy, frequency }]);
        prop_assert!((7.0..=32.5).contains(&watts), "{watts}");
    }
}
