//! Sources that are there and measure nothing.

use super::*;

#[test]
fn a_sensor_that_stands_still_is_not_believed() {
    let dead = [("power1_input", "0")];
    let tree = Tree::board("Server", 1).hwmon(0, "power_meter", &dead);
    assert!(tree.watched().notes().iter().any(|note| note.contains("power_meter reads 0 W")));
    let one_alive = tree.hwmon(1, "ina226", &[("power1_input", "4000000")]);
    assert_eq!(used(one_alive, 2, &[0.5], unchanged).source, "hwmon (ina226)");
    let rapl = Tree::board("Intel Xeon", 2).rapl("intel-rapl:0", "package-0", 7);
    let stands = used(rapl, 4, &[0.5], unchanged);
    assert!(stands.joules > 0.0 && stands.covers.contains("model"), "{stands:?}");
    assert_eq!(stands.source, "model (generic-x86): RAPL read no energy at all");
}

#[test]
fn a_counter_that_a_container_hides_is_said() {
    let tree = Tree::board("Intel Xeon", 2).sys("class/powercap/other", "");
    let folder = tree.path("sys/class/powercap");
    std::os::unix::fs::symlink("../nowhere", folder.join("intel-rapl:0")).unwrap();
    std::os::unix::fs::symlink("../nowhere", folder.join("intel-rapl:0:0")).unwrap();
    let notes = tree.watched().notes();
    assert!(notes.iter().any(|note| note.contains("intel-rapl:0/name leads nowhere")), "{notes:?}");
}
