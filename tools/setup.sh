#!/bin/sh
# Sets up an environment with everything in uv.lock, from nothing but Python and a package index.
#
#   tools/setup.sh STAMP [VENV [OPTION …]]    creates STAMP when all is there, in VENV or else in .venv;
#                                             the options are uv's, for another choice of dependency groups
#
# The uv that reads the lock file is itself installed there, at the version pinned here.
# Proxies, certificates and indexes are taken from the environment and from pip's own configuration.
set -eu
UV_VERSION=0.13.9
STAMP=$1
VENV=${2:-.venv}
shift "$(($# < 2 ? $# : 2))"

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "No Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3.11 …" >&2
    exit 1
}

# A copied or moved environment has launchers that point elsewhere: look by running it.
if ! "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    PYTHON=$(find_python)
    echo "Setting up $VENV with $("$PYTHON" --version) …"
    "$PYTHON" -m venv --clear "$VENV" || {
        echo "Python could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
fi
python=$VENV/bin/python

if [ "$("$python" -m uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
fi

# Exact links are recorded in the lock file, so a different index has to be asked by name and hash.
if [ -n "${PIP_INDEX_URL:-}${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    locked=$(mktemp)
    trap 'rm -f "$locked"' EXIT
    "$python" -m uv export --quiet --frozen --all-extras --no-emit-project "$@" --output-file "$locked" >/dev/null
    if [ -n "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        installer="uv pip install --python $python"
    else
        installer='pip install --disable-pip-version-check'
    fi
    # shellcheck disable=SC2086
    "$python" -m $installer --quiet --no-deps --require-hashes -r "$locked"
    # shellcheck disable=SC2086
    "$python" -m $installer --quiet --no-deps -e .
else
    # --inexact: pip and uv live in the same environment and are not in the lock file.
    VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=$VENV "$python" -m uv sync --quiet --frozen --inexact --all-extras --python "$python" "$@"
fi
touch "$STAMP"
