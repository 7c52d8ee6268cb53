# shellcheck shell=bash
# What is made of the API's descriptors, and its releases.

api_docs() {
  need tests "${TEST_PACKAGES[@]}"
  fetch_openapi_schemas
  build_preset dev field_sources
  descriptors
  /usr/bin/python3 -B tools/api/api_docs.py --write --descriptors build/edugate.binpb \
    --field-sources build/tools/api/field_sources --openapi-schema build/tools/openapi/schemas/v3.0/schema.json
}

# api_release VERSION: keeps the descriptors of the API as proto/releases/vVERSION.binpb. From then on `buf breaking`
# compares with them (tools/buf_breaking.sh).
api_release() {
  local version="${1:-}" file
  [[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "api-release takes a version, as in 1.0.0, not '$version'"
  configure dev
  fetch_buf
  mkdir -p proto/releases
  file="proto/releases/v$version.binpb"
  # Callers have edugate.v1 and the providers' declared APIs; google/* is not ours to release.
  build/tools/buf/bin/buf build proto -o "$file" --exclude-source-info
  say "wrote $file: commit it"
}
