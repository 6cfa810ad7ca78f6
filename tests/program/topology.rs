//! The CPUs as the program prints them.

use super::place::Place;

#[test]
fn every_cpu_is_printed_with_class_capacity_and_where_that_came_from() {
    let place = Place::new();
    let said = place.run("topology").exits(0);
    said.prints(&["online", "allowed", "class", "capacity", "from", "CPUs"]);
}

#[test]
fn as_json_it_is_the_same() {
    let place = Place::new();
    let said = place.run("topology --json").exits(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let cpus = json["cpus"].as_array().unwrap();
    assert!(!cpus.is_empty());
    for cpu in cpus {
        assert!(cpu["online"].is_boolean() && cpu["allowed"].is_boolean(), "{cpu}");
        assert!(cpu["capacity"].as_f64().unwrap() > 0.0, "{cpu}");
        assert!(!cpu["capacity_source"].as_str().unwrap().is_empty(), "{cpu}");
    }
    let names = ["performance", "middle", "efficiency", "uniform"];
    for class in json["classes"].as_array().unwrap() {
        assert!(names.contains(&class["name"].as_str().unwrap()), "{class}");
    }
    let lines = place.run("topology").exits(0).stdout;
    // The first line is the machine's name, which may begin with a number: 13th Gen …
    let table = lines.lines().skip(1).filter(|line| line.trim().starts_with(char::is_numeric));
    assert_eq!(table.count(), cpus.len());
}

#[test]
fn a_machine_whose_cpus_cannot_be_read_is_said() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    for root in ["empty", "none"] {
        let said = place.run(&format!("topology --sysfs {root}")).exits(66);
        said.complains(&["no CPU list is readable", root, "mount sysfs"]);
    }
}

/// A tree that is not this machine's: two fast cores, two slow ones.
#[test]
fn another_machines_tree_can_be_looked_at() {
    let place = Place::new();
    place.write("sys/devices/system/cpu/online", "0-3\n");
    for cpu in 0..4 {
        let capacity = if cpu < 2 { "1024\n" } else { "400\n" };
        place.write(&format!("sys/devices/system/cpu/cpu{cpu}/cpu_capacity"), capacity);
    }
    let said = place.run("topology --sysfs sys").exits(0);
    said.prints(&["performance: CPUs 0-1", "efficiency: CPUs 2-3", "cpu_capacity"]);
}

#[test]
fn the_placement_of_a_run_is_explained() {
    let place = Place::new();
    place.write("sys/devices/system/cpu/online", "0-3\n");
    place.write("proc/self/cgroup", "0::/\n");
    place.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
    let said = place.run("topology --sysfs sys --proc proc").exits(0);
    said.prints(&["2 workers on CPU 0-1, one on each", "quota is 2.00", "recorder run on CPU 2-3"]);
    let said = place.run("topology --sysfs sys --proc proc --json --reserve 3").exits(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["placement"]["seats"][0]["cpu"], 3, "{json}");
    assert_eq!(json["quota_cpus"], 2.0);
    let none = place.run("topology --sysfs sys --reserve 4").exits(0);
    none.prints(&["A run would not start", "reserve fewer"]);
}

#[test]
fn what_is_measured_stands_beside_what_was_believed() {
    let place = Place::new();
    place.run("topology --measure").exits(0).prints(&["from", "measured"]);
    let said = place.run("topology --measure --json").exits(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let speeds = json["measured"]["speeds"].as_array().unwrap();
    assert!(!speeds.is_empty() && speeds.iter().any(|speed| speed[1] == 1.0), "{json}");
    let said = place.run("topology --measure --sysfs sys").exits(64);
    said.complains(&["--measure", "--sysfs"]);
}

/// So that an operator sees what the installed configuration would do.
#[test]
fn the_placement_is_that_of_the_configuration_and_the_environment() {
    let place = Place::new();
    place.write("edge-dispatch.toml", "workers = 1\n");
    place.run("topology").exits(0).prints(&["place 1 worker on"]);
    place.run("topology --workers 3").exits(0).prints(&["place 3 workers on"]);
    let environment = [("EDGE_DISPATCH_WORKERS", "5")];
    place.run_with("topology", &environment).exits(0).prints(&["place 5 workers on"]);
    place.write("edge-dispatch.toml", "wokers = 1\n");
    place.run("topology").exits(78).complains(&["did you mean 'workers'?"]);
    place.write("sys/devices/system/cpu/online", "0-3\n");
    place.run("topology --sysfs sys").exits(0).prints(&["place 4 workers on CPU 0-3"]);
    let said = place.run("topology --sysfs sys --json --reserve 4").exits(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(json["placement_error"].as_str().unwrap().contains("reserve fewer"), "{json}");
}
