#!/bin/sh
# Checks the types of the pages' scripts with TypeScript: `make check` calls it.
#
# TypeScript comes through npm, by the lock beside this file, into .venv. Where there is no Node, no
# npm or nothing to fetch it from, that is said and nothing else is held up: the tests run the
# scripts. With CI=true a Node that cannot check is a failure, or a check that nobody misses would be
# gone; a bare machine gets its Node from `make test` only, after this, and is not held up for it.
set -eu
cd "$(dirname "$0")/../.."

HERE=deploy/types
THERE=.venv/types
LOCK=$HERE/package-lock.json
TSC=$THERE/node_modules/typescript/bin/tsc

say() { printf '[lantern] The types of the scripts were not checked: %s\n' "$*" >&2; }
skip() { say "$*"; [ "${CI:-}" != true ] || exit 1; exit 0; }

command -v node >/dev/null || { say "Node is missing."; exit 0; }
if ! cmp -s "$LOCK" $THERE/.installed || [ ! -e $TSC ]; then
    command -v npm >/dev/null || skip "npm is missing."
    mkdir -p $THERE
    cp $HERE/package.json "$LOCK" $THERE/
    npm ci --prefix $THERE --ignore-scripts --no-audit --no-fund --loglevel=error ||
        skip "npm could not fetch TypeScript."
    cp "$LOCK" $THERE/.installed
fi
node $TSC -p $HERE
node $TSC -p $HERE/worker.json
