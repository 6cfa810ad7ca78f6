# The three ways to a program for a board, in the order in which they are tried. Each builds one
# target with cargo's words and sets $built to the folder of the programs. Sourced; needs say.sh,
# targets.sh, apt.sh and debian.sh.
# shellcheck shell=sh disable=SC2154,SC2034

# Sets $engine to a container engine that runs, or explains in $no_containers why there is none.
find_engine() {
    engine="" no_containers=""
    if ! command -v cross >/dev/null 2>&1; then
        no_containers="cross is not installed"
        return
    fi
    for candidate in ${CROSS_CONTAINER_ENGINE:-docker podman}; do
        if "$candidate" info >/dev/null 2>&1; then
            engine=$candidate
            return
        fi
    done
    [ -z "${CROSS_CONTAINER_ENGINE:-}" ] ||
        missing "CROSS_CONTAINER_ENGINE is '$CROSS_CONTAINER_ENGINE', and '$CROSS_CONTAINER_ENGINE info' fails" \
            "start it and see that you may use it, or unset CROSS_CONTAINER_ENGINE, or --no-containers"
    no_containers="no container engine runs (docker, podman)"
}

# with_containers TARGET CARGO-ARGUMENT...
with_containers() {
    target=$1
    shift
    CROSS_CONFIG=cross.toml CROSS_CONTAINER_ENGINE=$engine CARGO_TARGET_DIR=target/cross/containers \
        cross "$@" --target "$target"
    built=target/cross/containers/$target/release
}

# Whether the active toolchain has the standard library of that target.
std_is_installed() {
    libdir=$(rustc --print target-libdir --target "$1" 2>/dev/null) && [ -d "$libdir" ]
}

# Sees that there is a linker: one that the environment names, this machine's, or Debian's.
find_linker() {
    name=$(variable "$1" LINKER)
    eval "linker=\${$name:-}"
    [ "$1" != "$(host)" ] || return 0
    [ -n "$linker" ] || {
        refuse_armv6 "$1"
        linker=$tools-gcc
        # The packages are words: to be split.
        # shellcheck disable=SC2086
        command -v "$linker" >/dev/null 2>&1 ||
            install "there is no linker for $1 ($linker)" $packages
    }
    command -v "$linker" >/dev/null 2>&1 ||
        missing "there is no linker for $1: '$linker' is not installed" \
            "${packages:+apt-get install $packages, or }name one in $name"
    export "$name=$linker"
}

# Debian's armhf libraries are ARMv7: what is linked with them does not run on an ARMv6, however
# the rest was compiled.
refuse_armv6() {
    [ "$1" = arm-unknown-linux-gnueabihf ] || return 0
    missing "$1 (ARMv6: Pi 1, Zero, Zero W) cannot be linked here: Debian's armhf start-up code and libraries are ARMv7 (readelf -A) and end there with 'Illegal instruction'" \
        "cross with docker or podman, or name a linker for ARMv6 in $(variable "$1" LINKER)"
}

# with_active_toolchain TARGET CARGO-ARGUMENT...: this machine's own target is built where it is
# always built.
with_active_toolchain() {
    target=$1
    shift
    if [ "$target" = "$(host)" ]; then
        cargo "$@"
        built=${CARGO_TARGET_DIR:-target}/release
        return
    fi
    CARGO_TARGET_DIR=target/cross/active cargo "$@" --target "$target"
    built=target/cross/active/$target/release
}

# with_debian TARGET CARGO-ARGUMENT...: aarch64 has its library among the packages, 32-bit
# machines get theirs built. A folder for each: RUSTC_BOOTSTRAP would make cargo build the other's
# again.
with_debian() {
    target=$1
    shift
    toolchain
    if [ "$debian_arch" = armhf ]; then
        set -- "$@" -Z build-std=std,panic_unwind
        export RUSTC_BOOTSTRAP=1
    fi
    RUSTC=$(pwd)/$private/rust/rustc CARGO_TARGET_DIR=target/cross/private/$debian_arch \
        cargo "$@" --target "$target"
    unset RUSTC_BOOTSTRAP
    built=target/cross/private/$debian_arch/$target/release
}

host() { rustc -vV | sed -n 's/^host: //p'; }
