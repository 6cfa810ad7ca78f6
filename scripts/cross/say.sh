# Words and exit codes of the scripts for boards. Sourced; sets nothing but functions.
# $program: the name of the script that speaks.
# Exit codes: 64 usage, 69 something needed is missing, 75 try again (network), 70 a result that
# is not what it must be.
# shellcheck shell=sh disable=SC2154

say() { printf '%s: %s\n' "$program" "$1" >&2; }

# fail CODE WHAT REMEDY
fail() {
    printf '%s: %s\nremedy: %s\n' "$program" "$2" "$3" >&2
    exit "$1"
}

missing() { fail 69 "$1" "$2"; }

# need COMMAND PACKAGE: the command, from that package of Debian's.
need() {
    command -v "$1" >/dev/null 2>&1 || missing "$1 is not installed" "apt-get install $2"
}
