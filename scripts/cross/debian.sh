# A private Rust for other machines, made of Debian's packages: `rustc-web`, which security
# support keeps new, its standard libraries for amd64 and arm64, and its source, from which cargo
# builds the library of 32-bit machines. Sourced; needs say.sh and apt.sh.
#
# apt gets a configuration and a state of its own, so the machine's packages, lists and
# architectures stay as they are; the packages are unpacked, not installed; root is not needed.
# The architectures are amd64 and arm64 only: with armhf among them apt leaves out the whole
# security suite, in which the new Rust is.
# shellcheck shell=sh disable=SC2154

private=target/cross/debian

# The oldest Rust that will do, from Cargo.toml.
rust_needed() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

# toolchain: prints the folder of the private toolchain, made if it is not there.
toolchain() {
    is_debian || missing "there is no toolchain for $target, and this is no Debian to take one from" \
        "rustup target add $target, or cross with docker or podman"
    [ "$(dpkg --print-architecture)" = amd64 ] ||
        missing "the private toolchain is for amd64 machines" \
            "rustup target add $target, or cross with docker or podman"
    need flock util-linux
    mkdir -p "$private"
    exec 9>"$private/lock"
    # Another build may be making it.
    flock 9
    if [ -x "$private/rust/rustc" ] && "$private/rust/rustc" -vV >/dev/null 2>&1; then
        # Old enough to have been made for an older Rust than is asked for now?
        have=$("$private/rust/rustc" -vV | sed -n 's/^release: //p')
        if dpkg --compare-versions "$have" ge "$(rust_needed)"; then
            flock -u 9
            return
        fi
    fi
    prepare
    flock -u 9
}

# Debian itself: what is made from it has other sources, without this Rust.
is_debian() { grep -qx 'ID="*debian"*' /etc/os-release 2>/dev/null; }

# In a process of its own: what installs the next target's linker needs the machine's apt again.
prepare() (
    # What an interruption left half-made is of no use.
    rm -rf "$private/new"
    apt_of_its_own
    version=$(newest_rust)
    series=$(printf '%s' "$version" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
    llvm=$(apt-cache show "libstd-rust-web-$series=$version" |
        sed -n 's/^Depends:.*\(libllvm[0-9]*\).*/\1/p' | head -n 1)
    [ -n "$llvm" ] || missing "libstd-rust-web-$series names no libllvm" "please report it"
    say "fetching rustc-web $version and $llvm from Debian, for this folder alone"
    fetch "rustc-web=$version" "libstd-rust-web-$series=$version" \
        "libstd-rust-web-dev=$version" "libstd-rust-web-dev:arm64=$version" "$llvm" \
        "rust-web-src=$version"
    unpack
)

# From here on in this process, apt knows the private state only.
apt_of_its_own() {
    state=$(pwd)/$private/apt
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    : >"$state/status"
    # The sandbox user of apt may not read this folder, and says so each time.
    cat >"$state/apt.conf" <<END
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "$(id -un)";
Acquire::Retries "3";
END
    export APT_CONFIG="$state/apt.conf"
    apt-get update -qq >"$state/update.log" 2>&1 || {
        cat "$state/update.log" >&2
        fail 75 "apt-get cannot fetch Debian's package lists" \
            "see above; is the network there? Then run it again"
    }
}

# The newest version of rustc-web that this apt knows, if it is new enough.
newest_rust() {
    newest=$(apt-cache madison rustc-web | awk '{ print $3; exit }')
    if [ -z "$newest" ]; then
        grep '^[WE]:' "$state/update.log" >&2 || true
        # apt-get update counts a network that is away as well done.
        ! grep -q 'Failed to fetch' "$state/update.log" ||
            fail 75 "apt-get cannot fetch Debian's package lists" \
                "see above; is the network there? Then run it again"
        missing "Debian's lists have no rustc-web" \
            "Debian 12 with its security suite has it (see apt's sources); or: rustup target add $target"
    fi
    dpkg --compare-versions "$newest" ge "$(rust_needed)" ||
        missing "rustc-web is $newest, Cargo.toml asks for $(rust_needed)" \
            "see that the security suite is among apt's sources; or: rustup target add $target"
    printf '%s' "$newest"
}

fetch() {
    mkdir -p "$private/new/packages"
    (cd "$private/new/packages" && apt-get download -qq "$@" >&2) ||
        fail 75 "apt-get cannot download $*" "see above; is the network there? Then run it again"
}

unpack() {
    new=$private/new
    for package in "$new"/packages/*.deb; do
        dpkg -x "$package" "$new/rust" ||
            fail 74 "$package cannot be unpacked" "is the disk full? (1.2 GiB are needed)"
    done
    rm -r "$new/packages"
    # rustc looks for its libraries where Debian installs them.
    cat >"$new/rust/rustc" <<'END'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/usr/lib/x86_64-linux-gnu exec "$here/usr/bin/rustc" "$@"
END
    chmod +x "$new/rust/rustc"
    "$new/rust/rustc" -vV >/dev/null ||
        missing "the unpacked rustc does not run" "please report it with the lines above"
    # Only now is it there: a rename is all or nothing.
    rm -rf "$private/rust"
    mv "$new/rust" "$private/rust"
    rmdir "$new"
}
