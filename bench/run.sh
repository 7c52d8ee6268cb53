#!/usr/bin/env bash
# ./dev bench: installs what measuring needs, builds the programs, and measures. Arguments go to
# measure.py (--help lists them). --stream measures the long stream alone, for which it needs less.
set -euo pipefail

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"
for part in packages fetch build; do
  # shellcheck source=/dev/null
  source "tools/dev/$part.sh"
done

BENCH_PACKAGES=(
  nginx-light libnginx-mod-http-echo nghttp2-client libnghttp2-dev strace
  golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev golang-google-protobuf-dev
  protoc-gen-go-1-5 protoc-gen-go-grpc valgrind openssl
)

if [[ " $* " == *" --stream "* ]]; then
  build_preset dev edugate bench_stream_programs
  exec python3 bench/measure.py "$@"
fi

# Debian starts nginx when it is installed; at run level 1 it does not. The bench starts its own.
RUNLEVEL=1 need bench "${BENCH_PACKAGES[@]}"
# Somebody's own Node serves as well as Debian's.
command -v npm >/dev/null || need bench-node nodejs npm
build_preset dev edugate bench_programs
python3 bench/provider_bytes.py build/bench/www
python3 bench/provider_bytes.py build/bench/www-large 200 16384
bench/go_peer/build.sh build/bench/go_peer
bench/node_peer/build.sh build/bench/node
exec python3 bench/measure.py "$@"
