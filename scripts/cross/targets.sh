# What there is to know of each target. Sourced.
# shellcheck shell=sh disable=SC2034

targets="aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf arm-unknown-linux-gnueabihf x86_64-unknown-linux-gnu"

# facts TARGET: sets debian_arch, tools (the prefix of its binutils and compiler), packages (those
# of the linker), sysroot and emulator; false where there is no such target.
facts() {
    packages=""
    case "$1" in
        aarch64-unknown-linux-gnu)
            debian_arch=arm64 tools=aarch64-linux-gnu emulator=qemu-aarch64-static
            packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
            ;;
        armv7-unknown-linux-gnueabihf)
            debian_arch=armhf tools=arm-linux-gnueabihf emulator=qemu-arm-static
            packages="gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
            ;;
        arm-unknown-linux-gnueabihf)
            debian_arch=armhf tools=arm-linux-gnueabihf emulator=qemu-arm-static
            ;;
        x86_64-unknown-linux-gnu)
            debian_arch=amd64 tools=x86_64-linux-gnu emulator=qemu-x86_64-static
            packages="gcc-x86-64-linux-gnu libc6-dev-amd64-cross"
            ;;
        *) return 1 ;;
    esac
    sysroot=/usr/$tools
}

# The names that a person uses for the boards that are tried under emulation.
target_of() {
    case "$1" in
        aarch64 | arm64) echo aarch64-unknown-linux-gnu ;;
        armv7 | armhf) echo armv7-unknown-linux-gnueabihf ;;
        *) echo "$1" ;;
    esac
}

# variable TARGET NAME: the environment variable by which cargo takes NAME for TARGET.
variable() {
    printf 'CARGO_TARGET_%s_%s' "$(printf '%s' "$1" | tr 'a-z-' 'A-Z_')" "$2"
}

# program_of TARGET: where scripts/cross-build leaves the program.
program_of() { printf 'target/cross/bin/%s/edge-dispatch' "$1"; }
