# How a program for another machine is run here. Sourced; needs say.sh, targets.sh and apt.sh.
# shellcheck shell=sh disable=SC2154,SC2034

# find_emulator: sets $run to the words before the program, nothing for this machine's own.
find_emulator() {
    run=""
    # Debian's word before the kernel's: a 32-bit system may have a 64-bit kernel.
    native=$(dpkg --print-architecture 2>/dev/null || uname -m)
    case "$native" in "$debian_arch" | "${tools%%-*}") return 0 ;; esac
    have_or_install "$emulator" "$emulator is not installed" qemu-user-static
    [ -d "$sysroot/lib" ] ||
        missing "the C library of $debian_arch is not in $sysroot" "apt-get install $packages"
    # Called by name, not through binfmt_misc, which a container may not have.
    run="$emulator -L $sysroot"
}
