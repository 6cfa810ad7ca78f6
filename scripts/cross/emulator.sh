# How a program for another machine is run here. Sourced; needs say.sh, targets.sh and apt.sh.
# shellcheck shell=sh disable=SC2154,SC2034

# find_emulator: sets $run to the words before the program, nothing for this machine's own.
find_emulator() {
    run=""
    [ -n "$emulator" ] || return 0
    [ "$(dpkg --print-architecture 2>/dev/null)" != "$debian_arch" ] || return 0
    have_or_install "$emulator" "$emulator is not installed" qemu-user-static
    [ -d "$sysroot/lib" ] ||
        missing "the C library of $debian_arch is not in $sysroot" "apt-get install $packages"
    # Called by name, not through binfmt_misc, which a container may not have.
    run="$emulator -L $sysroot"
}
