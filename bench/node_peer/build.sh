#!/usr/bin/env bash
# Installs what the Node peer needs beside it: bench/node_peer/build.sh FOLDER.
set -euo pipefail

PEER="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
FOLDER="$(realpath -m "$1")"

mkdir -p "$FOLDER"
cp "$PEER"/*.js "$PEER"/package.json "$PEER"/package-lock.json "$FOLDER/"
cd "$FOLDER"
# Nothing is fetched where the installed packages are those of the lock file.
cmp -s package-lock.json node_modules/.installed && exit 0
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/.installed
