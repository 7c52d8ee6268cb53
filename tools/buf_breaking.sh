#!/usr/bin/env bash
# Compares the protos with those of the last release, proto/releases/vX.Y.Z.binpb, and fails where callers would break:
# buf_breaking.sh [FOLDER]. Exit status 77 (ctest: skipped) where ./dev has not fetched buf.
set -euo pipefail
ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"

buf="$ROOT/build/tools/buf/bin/buf"
if [[ ! -x "$buf" ]]; then
  echo "buf is not at $buf: ./dev test fetches it" >&2
  exit 77
fi
cd "${1:-$ROOT}"
release="$(find proto/releases -name 'v*.binpb' | sort --version-sort | tail -n 1)"
if [[ -z "$release" ]]; then
  echo "there is no release in proto/releases: ./dev api-release VERSION makes one" >&2
  exit 1
fi
"$buf" breaking proto --against "$release" --exclude-imports || {
  echo "the protos break callers of ${release##*/}" >&2
  exit 1
}
