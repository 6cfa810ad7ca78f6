# Linkers and emulators from Debian's packages: the only change to the machine that a script of
# this project makes, and only as root. Needs say.sh. Sourced.
# shellcheck shell=sh disable=SC2154

# Debian, or what is made from it: Raspberry Pi OS and Ubuntu have these packages too.
has_apt() { command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1; }

# install WHY PACKAGE...: from Debian, as root, or not at all.
install() {
    why=$1
    shift
    has_apt ||
        missing "$why, and this is no Debian to take it from" \
            "install what your system calls: $*"
    [ "$(id -u)" = 0 ] ||
        missing "$why, and only root may install it" "sudo apt-get install $*"
    say "installing $*"
    # Lists may be older than the packages that are there: then they are fetched anew.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >/dev/null 2>&1 && return
    apt-get update -qq >&2 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 ||
        fail 75 "apt-get cannot install $*" \
            "see above; if the network was away, run it again once it is back"
}

# have_or_install COMMAND WHY PACKAGE...
have_or_install() {
    command=$1
    shift
    command -v "$command" >/dev/null 2>&1 || install "$@"
    shift
    command -v "$command" >/dev/null 2>&1 ||
        missing "$command is not there although its package is" "apt-get install --reinstall $*"
}
