#!/bin/sh
# Makes the environment in .venv: `install.sh base` to run Lantern, `install.sh dev` to test it too,
# `install.sh train` to train a classifier.
#
# Every step leaves a stamp when it is whole, so an interrupted installation goes on where it
# stopped and a finished one costs nothing. Nothing outside .venv is touched, except that a missing
# venv module is installed where we are root on Debian or Ubuntu.
set -eu
cd "$(dirname "$0")/.."

KIND=${1:-base}
VENV=.venv
PYTHON=$VENV/bin/python
TORCH=2.13.0
UV=0.13.9
# PyTorch's own index of builds for processors: the default build for Linux brings gigabytes of
# libraries for graphics cards that nothing here uses.
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu

say() { printf '[lantern] %s\n' "$*"; }
stop() { printf '[lantern] %s\n' "$*" >&2; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; }

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && fits "$name"; then echo "$name"; return; fi
    done
    stop "Lantern needs Python 3.11, 3.12, 3.13 or 3.14. Install one, then run the same command again."
}

# Of the very interpreter: python3-venv belongs to the system's own, and another brings its own.
venv_package() { "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'; }

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

install_venv_module() {
    package=$(venv_package "$1")
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package ..."
        apt-get update -qq && apt-get install -y -qq "$package" >/dev/null && return
    fi
    stop "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install $package"
}

make_venv() {
    if "$PYTHON" -m pip --version >/dev/null 2>&1 && fits "$PYTHON"; then return; fi
    base=$(find_python)
    has_venv "$base" || install_venv_module "$base"
    say "1/4 Making the environment in $VENV ..."
    "$base" -m venv --clear "$VENV"
}

install_torch() {
    stamp=$VENV/.torch-$TORCH
    [ -e "$stamp" ] && return
    say "2/4 Installing PyTorch $TORCH for processors (about 200 MB) ..."
    extra=
    if [ "$(uname -s)" = Linux ]; then
        # Where that index cannot be reached, pip warns and takes what it otherwise finds.
        extra="--extra-index-url $TORCH_CPU_INDEX --retries 0 --timeout 60"
    fi
    # shellcheck disable=SC2086 — the options are several words on purpose.
    "$PYTHON" -m pip install --disable-pip-version-check --quiet --progress-bar on $extra "torch==$TORCH"
    : >"$stamp"
}

install_uv() {
    [ -x $VENV/bin/uv ] && return
    "$PYTHON" -m pip install --disable-pip-version-check --quiet "uv==$UV"
}

install_lock() {
    lock=$1
    stamp=$VENV/.$(basename "$lock")
    cmp -s "$lock" "$stamp" && return
    say "$2"
    # Compiled now: an environment may forbid Python to write its bytecode later, and every start
    # would then pay seconds for it.
    $VENV/bin/uv pip install --python "$PYTHON" --no-deps --require-hashes --compile-bytecode -r "$lock"
    cp "$lock" "$stamp"
}

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-aarch64 | Darwin-arm64) ;;
    *) stop "Lantern's packages come for Linux (x86-64, Arm) and macOS (Apple silicon), not for $(uname -sm)." ;;
esac

make_venv
install_torch
install_uv
install_lock requirements.lock "3/4 Installing what Lantern runs on ..."
if [ "$KIND" = train ]; then
    install_lock requirements-train.lock "4/4 Installing what training a classifier needs ..."
fi
if [ "$KIND" = dev ]; then
    install_lock requirements-dev.lock "4/4 Installing what its tests run on ..."
fi
