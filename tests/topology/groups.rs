//! What control groups leave a process: cpusets and quotas, of both versions.

use edge_dispatch::topology::{PlacementRequest, Topology, place};

use crate::tree::Tree;

const V2: &str = "0::/system.slice/edge-dispatch.service\n";
const V1: &str = "9:name=systemd:/\n3:cpuset:/docker/abc\n2:cpu,cpuacct:/docker/abc\n";

fn four() -> Tree {
    Tree::bare("0-3\n", &[0, 1, 2, 3]).proc("self/status", "Cpus_allowed_list:\t0-3\n")
}

fn read(tree: &Tree) -> Topology {
    tree.read().expect("a topology")
}

/// The CPUs that are allowed, and the quota.
fn limits(tree: &Tree) -> (String, Option<f64>) {
    let topology = read(tree);
    (topology.allowed().to_string(), topology.quota_cpus)
}

#[test]
fn a_version_2_group_limits_cpus_and_time() {
    let group = "fs/cgroup/system.slice/edge-dispatch.service";
    let tree = four()
        .proc("self/cgroup", V2)
        .sys(&format!("{group}/cpuset.cpus.effective"), "1-2\n")
        .sys(&format!("{group}/cpu.max"), "150000 100000\n");
    assert_eq!(limits(&tree), ("1-2".into(), Some(1.5)));
}

#[test]
fn the_narrowest_quota_on_the_way_up_counts_and_the_nearest_cpuset() {
    let tree = four()
        .proc("self/cgroup", V2)
        .sys("fs/cgroup/system.slice/edge-dispatch.service/cpu.max", "max 100000\n")
        .sys("fs/cgroup/system.slice/cpu.max", "200000 100000\n")
        .sys("fs/cgroup/system.slice/cpuset.cpus.effective", "0-2\n")
        .sys("fs/cgroup/cpuset.cpus.effective", "0-3\n");
    assert_eq!(limits(&tree), ("0-2".into(), Some(2.0)));
}

#[test]
fn version_1_has_a_tree_for_each_controller() {
    let tree = four()
        .proc("self/cgroup", V1)
        .sys("fs/cgroup/cpuset/docker/abc/cpuset.effective_cpus", "0,3\n")
        .sys("fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "50000\n")
        .sys("fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    assert_eq!(limits(&tree), ("0,3".into(), Some(0.5)));
    let older = four()
        .proc("self/cgroup", V1)
        .sys("fs/cgroup/cpuset/docker/abc/cpuset.cpus", "2\n")
        .sys("fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "-1\n")
        .sys("fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
    assert_eq!(limits(&older), ("2".into(), None));
}

/// In a container the path is the host's, and the group is mounted as the root.
#[test]
fn a_group_that_is_not_to_be_seen_is_the_root() {
    for path in ["0::/docker/elsewhere\n", "0::/../other\n", "0::/\n"] {
        let tree = four()
            .proc("self/cgroup", path)
            .sys("fs/cgroup/cpuset.cpus.effective", "0-1\n")
            .sys("fs/cgroup/cpu.max", "300000 100000\n");
        assert_eq!(limits(&tree), ("0-1".into(), Some(3.0)), "{path}");
    }
}

#[test]
fn an_affinity_mask_smaller_than_the_cpuset_counts() {
    let tree = Tree::bare("0-3\n", &[0, 1, 2, 3])
        .proc("self/status", "Cpus_allowed_list:\t1\n")
        .proc("self/cgroup", "0::/\n")
        .sys("fs/cgroup/cpuset.cpus.effective", "0-2\n");
    assert_eq!(limits(&tree).0, "1");
    let apart = tree.sys("fs/cgroup/cpuset.cpus.effective", "3\n");
    assert_eq!(limits(&apart).0, "1", "a thread always may run somewhere");
    assert!(read(&apart).notes.iter().any(|note| note.contains("the mask is used")));
}

#[test]
fn without_groups_or_with_broken_ones_nothing_is_limited() {
    for text in ["", "\n", "garbage\n", "0::\n", ":::\n", "x:cpu:/a\n", "\u{0}\u{0}"] {
        let (allowed, quota) = limits(&four().proc("self/cgroup", text));
        assert_eq!((allowed.as_str(), quota), ("0-3", None), "{text:?}");
    }
    for max in ["", "0 100000", "-1 100000", "1e400 1", "10 0", "nan 1", "lots 100000", "max"] {
        let tree = four().proc("self/cgroup", "0::/\n").sys("fs/cgroup/cpu.max", max);
        assert_eq!(limits(&tree).1, None, "{max:?}");
    }
}

#[test]
fn a_quota_smaller_than_the_cpus_feeds_fewer_workers_and_says_so() {
    let with =
        |max: &str| read(&four().proc("self/cgroup", "0::/\n").sys("fs/cgroup/cpu.max", max));
    for (max, workers) in
        [("250000 100000", 2), ("50000 100000", 1), ("399999 100000", 4), ("900000 100000", 4)]
    {
        let placement = place(&with(max), &PlacementRequest::default()).expect("a placement");
        assert_eq!(placement.seats.len(), workers, "{max}");
        let said = placement.reasons.iter().any(|reason| reason.contains("quota"));
        assert_eq!(said, workers < 4, "{max}: {:?}", placement.reasons);
    }
    let asked = PlacementRequest { workers: Some(4), ..PlacementRequest::default() };
    let placement = place(&with("250000 100000"), &asked).expect("a placement");
    assert_eq!(placement.seats.len(), 4, "who asks for four gets four");
    assert!(placement.reasons[0].contains("stand still together"), "{:?}", placement.reasons);
}
