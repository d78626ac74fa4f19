#!/bin/sh
# Lint, types, layers, migrations, documents in step with the code: `make check` calls it.
#
# Reading the types takes as long as all the rest, so it goes on beside it; what it found is said at
# the end. The first thing that is wrong ends the rest.
set -eu
cd "$(dirname "$0")/.."

PYTHON=.venv/bin/python
FOUND=$(mktemp)
$PYTHON -m mypy >"$FOUND" 2>&1 &
TYPES=$!
trap 'kill $TYPES 2>/dev/null || true; rm -f "$FOUND"' EXIT
trap 'exit 1' INT TERM # Else what reads the types would outlive whoever stops this.

$PYTHON -m ruff check .
$PYTHON -m ruff format --check --quiet .
sh deploy/types/check.sh
.venv/bin/lint-imports --no-cache
$PYTHON manage.py check
$PYTHON manage.py makemigrations --check --dry-run
$PYTHON manage.py write_docs --check

CODE=0
wait $TYPES || CODE=$?
cat "$FOUND"
exit $CODE
