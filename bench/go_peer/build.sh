#!/usr/bin/env bash
# Builds the Go peer, offline, from Debian's Go packages: bench/go_peer/build.sh PROGRAM.
# The stubs are generated from edugate's own protos. They carry no go_package, so the Go package of
# each file is said here.
set -euo pipefail

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$ROOT"

PROGRAM="$(realpath -m "$1")"
WORKSPACE="$ROOT/build/bench/go"
SOURCES="$WORKSPACE/src/edugatebench"

EDUGATE_PROTOS=(
  edugate/v1/common.proto edugate/v1/learner.proto edugate/v1/enrollment.proto
  edugate/v1/verification.proto edugate/v1/enrollment_service.proto
)
API_PROTOS=(
  google/api/annotations.proto google/api/field_behavior.proto google/api/http.proto
  google/api/resource.proto
)

packages=(
  --go_opt=Medugate/privacy/v1/privacy.proto=edugatebench/privacy
  --go_opt=Mgoogle/type/date.proto=edugatebench/date
  --go_opt=Mgoogle/type/decimal.proto=edugatebench/decimal
  # gRPC itself links this one.
  --go_opt=Mgoogle/rpc/code.proto=google.golang.org/genproto/googleapis/rpc/code
)
for proto in "${EDUGATE_PROTOS[@]}"; do packages+=("--go_opt=M$proto=edugatebench/edugate"); done
for proto in "${API_PROTOS[@]}"; do packages+=("--go_opt=M$proto=edugatebench/api"); done

rm -rf "$WORKSPACE/src"
mkdir -p "$SOURCES"
protoc -I proto -I build/googleapis --go_out="$WORKSPACE/src" --go-grpc_out="$WORKSPACE/src" \
  "${packages[@]}" "${packages[@]/#--go_opt/--go-grpc_opt}" \
  edugate/privacy/v1/privacy.proto google/type/date.proto google/type/decimal.proto \
  "${EDUGATE_PROTOS[@]}" "${API_PROTOS[@]}"
mkdir -p "$SOURCES/peer"
cp bench/go_peer/*.go "$SOURCES/peer/"

GO111MODULE=off GOFLAGS='' GOPROXY=off GOPATH="$WORKSPACE:/usr/share/gocode" \
  GOCACHE="$ROOT/build/bench/go-cache" go build -o "$PROGRAM" edugatebench/peer
