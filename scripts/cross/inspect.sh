# What a program for a board must be, whoever built it. Sourced; needs say.sh and targets.sh.
# shellcheck shell=sh disable=SC2154

# The oldest C library that a board may have: Debian 12 and Raspberry Pi OS bookworm have 2.36.
libc_max=2.34

# A stripped program for 64-bit boards, in bytes. What it is made of is in docs/raspberry-pi.md.
size_max=5000000

# inspect TARGET PROGRAM: its machine, the C library that it asks for, its size.
inspect() {
    case "$1" in
        aarch64-*) elf=AArch64 ;;
        arm*) elf=ARM ;;
        *) elf="Advanced Micro Devices X86-64" ;;
    esac
    seen=$(LC_ALL=C readelf -h "$2" | sed -n 's/^ *Machine: *//p')
    [ "$seen" = "$elf" ] ||
        fail 70 "$2 is for '$seen', not for $elf" "remove it and build it again"
    needed=$(LC_ALL=C readelf -V "$2" | grep -o 'GLIBC_[0-9.]*' | cut -d_ -f2 | sort -Vu | tail -n 1)
    newest=$(printf '%s\n%s\n' "$needed" "$libc_max" | sort -V | tail -n 1)
    [ "$newest" = "$libc_max" ] ||
        fail 70 "$2 needs glibc $needed, and boards may have $libc_max" "link it on an older system"
    if [ "$1" = arm-unknown-linux-gnueabihf ]; then
        architecture=$(LC_ALL=C readelf -A "$2" | sed -n 's/^ *Tag_CPU_arch: *//p')
        case "$architecture" in
            v6*) ;;
            *) fail 70 "$2 is for ARM$architecture: it does not run on an ARMv6" "link it with a linker for ARMv6" ;;
        esac
    fi
    # Symbols are for people with a debugger: a board does not load them.
    stripped=$2.stripped
    "$tools-strip" -o "$stripped" "$2" 2>/dev/null || strip -o "$stripped" "$2" ||
        fail 70 "$2 cannot be stripped" "is $tools-strip of its architecture? apt-get install binutils-$tools"
    bytes=$(wc -c <"$stripped")
    rm -f "$stripped"
    if [ "$1" = aarch64-unknown-linux-gnu ] && [ "$bytes" -gt "$size_max" ]; then
        fail 70 "$2 has $bytes bytes when stripped, more than $size_max" \
            "what grew? nm --size-sort of a build with CARGO_PROFILE_RELEASE_STRIP=none says it"
    fi
    printf '%s: %s, glibc %s or newer, %s bytes stripped\n' "$1" "$seen" "$needed" "$bytes"
}
