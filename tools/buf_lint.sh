#!/usr/bin/env bash
# Lints the protos with the buf that ./dev fetched. Exit status 77 (ctest: skipped) where it was not.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

buf=build/tools/buf/bin/buf
if [[ ! -x "$buf" ]]; then
  echo "buf is not at $buf: ./dev test fetches it" >&2
  exit 77
fi
exec "$buf" lint
