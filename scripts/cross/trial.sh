# What a program for a board has to do under emulation. Sourced by scripts/check-cross; $target and
# $run say how it is run, $work is an empty folder, $containers a word for scripts/cross-build.
# A run that hangs is ended: told to after its time, and killed a minute later.
# shellcheck shell=sh disable=SC2154,SC2086

board() { $run "$(program_of "$target")" "$@"; }

whole_run() {
    say "$target: a run of three seconds"
    timeout --foreground -k 60 300 $run "$(program_of "$target")" \
        run --duration 3s --rate 2000 --results "$work/whole" >"$work/table" 2>"$work/log" ||
        fail 70 "the run ends with $?: $(cat "$work/log")" "see above"
    python3 scripts/check-run "$work/whole"
}

run_until_sigint() {
    say "$target: a run that is ended by SIGINT"
    # The emulator hands the signal on; the run then ends in order, with 0.
    timeout --foreground --preserve-status -k 60 -s INT 10 $run "$(program_of "$target")" \
        run --rate 2000 --results "$work/ended" >"$work/table" 2>"$work/log" ||
        fail 70 "after SIGINT the run ends with $?: $(cat "$work/log")" "see above"
    grep -q SIGINT "$work/log" ||
        fail 70 "the run did not hear SIGINT: $(cat "$work/log")" "see above"
    python3 scripts/check-run "$work/ended"
}

# The release programs of both machines, told to simulate the same.
same_simulations() {
    say "$target: simulations, compared with this machine's"
    cargo build --release --locked --bin edge-dispatch
    policies=$(cargo run --quiet --locked --example portable | tee "$work/here" |
        sed -n 's/^choices \([^ ]*\) .*/\1/p')
    count=0
    for policy in $policies; do
        set -- simulate --policy "$policy" --packets 20000 --speeds 1x3,0.55x4 --stale 2 \
            --learn-capacity --faults throttle:1@100+500=0.4 --seed 11 --replications 2 --json
        "${CARGO_TARGET_DIR:-target}/release/edge-dispatch" "$@" >"$work/simulated.here"
        board "$@" >"$work/simulated.there"
        [ -s "$work/simulated.here" ] || fail 70 "simulate --policy $policy says nothing" "see above"
        cmp "$work/simulated.here" "$work/simulated.there" ||
            fail 70 "simulate --policy $policy differs on $target" \
                "something in it hangs on the machine: usize, a float's library, an order of hashing"
        count=$((count + 1))
    done
    [ "$count" -gt 10 ] || fail 70 "only $count policies were compared" "what does examples/portable.rs print?"
    printf 'simulations: %s policies, the same bytes\n' "$count"
}

# Hardly optimized, which is quickest to build and run together; without debug information, which
# is most of the linking.
library_tests() {
    say "$target: every policy's choices, compared with this machine's; the library's tests"
    cross_dev build --locked --example portable
    $run "$(tail -n 1 "$work/built")/debug/examples/portable" >"$work/there"
    cmp "$work/here" "$work/there" ||
        fail 70 "a policy or the simulator differs on $target: $(diff "$work/here" "$work/there" | head -n 5)" \
            "something in it hangs on the machine: usize, a float's library, an order of hashing"
    printf 'choices and simulations: %s digests, the same\n' "$(wc -l <"$work/there")"
    cross_dev test --locked --no-run --lib
    tests=$(sed -n 's/^ *Executable unittests src\/lib.rs (\(.*\))$/\1/p' "$work/built")
    # That is its name inside cross's container, where target/cross/containers is /target.
    case "$tests" in /target/*) tests=target/cross/containers${tests#/target} ;; esac
    [ -x "$tests" ] || fail 70 "cargo names no test program: $(tail -n 5 "$work/built")" "please report it"
    set -- policy:: sim:: random:: stats:: arrival:: progress::
    for module in "$@"; do
        # A filter that matches nothing passes.
        [ "$($run "$tests" --list "$module" | grep -c ': test$')" -gt 0 ] ||
            fail 70 "the library has no test in $module" "was it renamed? Then here, too: scripts/cross/trial.sh"
    done
    $run "$tests" --quiet "$@"
}

cross_dev() {
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 scripts/cross-build $containers "$target" -- "$@" >"$work/built" 2>&1 || {
        code=$?
        # Something missing, or the network, is no result that differs.
        case "$code" in 69 | 75) ;; *) code=70 ;; esac
        fail "$code" "cargo $1 fails for $target: $(tail -n 20 "$work/built")" "see above"
    }
}
