# Making and checking the Debian package. Sourced by scripts/package; $target, $debian_arch, $tools
# and $run say for which machine, $as_root is the word before a command for root.
# shellcheck shell=sh disable=SC2154

work=target/package

# Man pages from the library's own command line; completions from the very program that is packed.
make_papers() {
    rm -rf "$work/man" "$work/completions"
    mkdir -p "$work/completions"
    cargo run --quiet --locked --example man -- "$work/man"
    mandoc -Tlint -Werror "$work"/man/*.1 || fail 70 "a man page is not well-formed" "see above"
    # No name and no time in it: the same bytes each time.
    gzip -9n "$work"/man/*.1
    built=$(program_of "$target")
    # $run is words, or nothing.
    # shellcheck disable=SC2086
    {
        $run "$built" completions bash >"$work/completions/edge-dispatch.bash"
        $run "$built" completions zsh >"$work/completions/_edge-dispatch"
        $run "$built" completions fish >"$work/completions/edge-dispatch.fish"
    }
}

make_deb() {
    if ! cargo deb --version >/dev/null 2>&1 && [ ! -x target/tools/bin/cargo-deb ]; then
        say "installing cargo-deb into target/tools"
        cargo install cargo-deb --locked --quiet --root target/tools ||
            fail 75 "cargo-deb cannot be installed" "see above; or: cargo install cargo-deb --locked"
    fi
    # cargo-deb takes the program from where cargo would have left it.
    mkdir -p "$work/build/$target/release"
    strip_to "$work/build/$target/release/edge-dispatch"
    deb=$(PATH=$(pwd)/target/tools/bin:$PATH CARGO_TARGET_DIR=$work/build \
        cargo deb --quiet --no-build --no-strip --locked --target "$target" --output "$work/" |
        tail -n 1)
    [ -s "$deb" ] || fail 70 "cargo-deb made no package" "see above"
}

strip_to() {
    if command -v "$tools-strip" >/dev/null 2>&1; then
        "$tools-strip" -o "$1" "$(program_of "$target")"
    else
        strip -o "$1" "$(program_of "$target")"
    fi
}

# Unpacked, not installed: it is for another machine.
check_contents() {
    tree=$work/tree
    rm -rf "$tree"
    dpkg-deb -x "$deb" "$tree"
    for file in usr/bin/edge-dispatch etc/edge-dispatch/edge-dispatch.toml \
        lib/systemd/system/edge-dispatch.service usr/lib/sysusers.d/edge-dispatch.conf \
        usr/share/man/man1/edge-dispatch.1.gz usr/share/man/man1/edge-dispatch-run.1.gz \
        usr/share/bash-completion/completions/edge-dispatch \
        usr/share/zsh/vendor-completions/_edge-dispatch \
        usr/share/fish/vendor_completions.d/edge-dispatch.fish \
        usr/share/doc/edge-dispatch/copyright; do
        # systemd's folder may be below /usr, as it is on newer systems.
        [ -s "$tree/$file" ] || [ -s "$tree/usr/$file" ] ||
            fail 70 "$deb has no $file" "see [package.metadata.deb] in Cargo.toml"
    done
    [ "$(dpkg-deb -f "$deb" Architecture)" = "$debian_arch" ] ||
        fail 70 "$deb is for $(dpkg-deb -f "$deb" Architecture), not for $debian_arch" "please report it"
    dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles | grep -qx /etc/edge-dispatch/edge-dispatch.toml ||
        fail 70 "the configuration is no conffile: an upgrade would overwrite it" "see conf-files in Cargo.toml"
    dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./postinst | grep -q systemd-sysusers ||
        fail 70 "nobody makes the user of the service" "see packaging/edge-dispatch.sysusers"
    dpkg-deb -I "$deb" | sed -n 's/^ \(Version\|Architecture\|Depends\|Installed-Size\)/  \1/p'
}

check_program() {
    results=$work/results
    rm -rf "$results"
    # shellcheck disable=SC2086
    {
        $run "$tree/usr/bin/edge-dispatch" --version
        $run "$tree/usr/bin/edge-dispatch" validate --config "$tree/etc/edge-dispatch/edge-dispatch.toml" >/dev/null
        $run "$tree/usr/bin/edge-dispatch" run --config "$tree/etc/edge-dispatch/edge-dispatch.toml" \
            --rate 500 --duration 1s --results "$results" >/dev/null
    }
    python3 scripts/check-run "$results" ||
        fail 70 "the run of the packed program is not whole" "see above, and $results"
    rm -r "$results"
}

check_unit() {
    unit=$(find "$tree" -name edge-dispatch.service)
    # The unit is verified in its own tree, where its program is; the targets and slices that it
    # refers to are this machine's.
    cp -n /lib/systemd/system/*.target /lib/systemd/system/*.slice "$(dirname "$unit")/"
    # It exits 0 even on keys that it does not know: what it says is what counts.
    said=$(MANPATH=$(pwd)/$tree/usr/share/man: SYSTEMD_LOG_LEVEL=info \
        systemd-analyze --root="$(pwd)/$tree" verify edge-dispatch.service 2>&1) || true
    [ -z "$said" ] || fail 70 "systemd finds fault with the unit: $said" "mend packaging/edge-dispatch.service"
    exposure=$(systemd-analyze --root="$(pwd)/$tree" --no-pager security --offline=true edge-dispatch.service |
        sed -n 's/^.*Overall exposure level for edge-dispatch.service: \([0-9.]*\).*/\1/p')
    case "$exposure" in
        [0-9]*.[0-9]*) ;;
        *) fail 70 "systemd-analyze security says no exposure" "is its version 250 or newer?" ;;
    esac
    awk "BEGIN { exit !($exposure <= 2.0) }" ||
        fail 70 "the unit's exposure is $exposure, more than 2.0" "systemd-analyze security --offline=true says what of"
    printf 'systemd-analyze verify: nothing to say\nexposure: %s (at most 2.0)\n' "$exposure"
    # shellcheck disable=SC2086
    $as_root packaging/check-sandbox "$unit" $run "$(pwd)/$tree/usr/bin/edge-dispatch"
}
