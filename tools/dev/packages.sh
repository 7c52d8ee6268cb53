# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists are used by the other parts
# What each verb needs from the system, and its installation on Debian.

BUILD_PACKAGES=(
  clang-19 lld-19 ccache cmake ninja-build pkg-config git ca-certificates python3
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libsimdjson-dev libpugixml-dev libyaml-cpp-dev
  prometheus-cpp-dev libsqlite3-dev libhiredis-dev libcli11-dev libcpp-httplib-dev libjemalloc-dev
  libgtest-dev libgmock-dev openssl zlib1g-dev
)
# The clients among the tests.
TEST_PACKAGES=(
  chromium nginx-light redis-server
  python3-grpcio python3-protobuf python3-hpack python3-jsonschema python3-yaml
)
SANITIZER_PACKAGES=(libclang-rt-19-dev llvm-19)
LINT_PACKAGES=(clang-tidy-19 clang-format-19 shellcheck)

say() { echo "dev: $*" >&2; }
die() {
  say "$*"
  exit 1
}

# need NAME PACKAGE...: installs what is missing of the packages. The stamp build/.dev/packages-NAME
# holds the list that was found complete; it stands until dpkg's own state changes.
need() {
  local name="$1"
  shift
  local stamp="build/.dev/packages-$name" missing
  if ! command -v apt-get >/dev/null; then
    need_tools "$@"
    return
  fi
  if [[ "$stamp" -nt /var/lib/dpkg/status && "$(<"$stamp")" == "$*" ]]; then return; fi
  missing="$(missing_packages "$@")"
  if [[ -n "$missing" ]]; then
    # shellcheck disable=SC2086  # a list of words
    install_packages $missing
  fi
  mkdir -p build/.dev
  echo "$*" >"$stamp"
}

missing_packages() {
  local installed
  # dpkg-query fails when it does not know one of the names; what it prints is right all the same.
  installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true)"
  local package
  for package in "$@"; do
    [[ "$installed" == *" installed=$package "* ]] || printf '%s ' "$package"
  done
}

install_packages() {
  local log=build/.dev/apt.log as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "not root and no sudo here. Please install: $*"
    as_root=(sudo)
  fi
  say "installing: $*"
  mkdir -p build/.dev
  local environment=(env DEBIAN_FRONTEND=noninteractive)
  if ! { "${as_root[@]}" "${environment[@]}" apt-get update &&
    "${as_root[@]}" "${environment[@]}" apt-get install -y --no-install-recommends \
      -o Dpkg::Use-Pty=0 "$@"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    say "apt-get could not install all of: $*"
    die "Debian 12 is the reference; its names are meant. The whole output: $log"
  fi
}

# A system without apt-get: the tools are looked for, the libraries are left to CMake, which names each.
need_tools() {
  local package tool missing=()
  for package in "$@"; do
    case "$package" in
      clang-19) tool="$(find_compiler)" ;;
      ninja-build) tool=ninja ;;
      protobuf-compiler) tool=protoc ;;
      protobuf-compiler-grpc) tool=grpc_cpp_plugin ;;
      cmake | git | python3 | npm | shellcheck | clang-tidy-19 | clang-format-19) tool="$package" ;;
      *) continue ;;
    esac
    [[ -n "$tool" ]] && command -v "$tool" >/dev/null || missing+=("$package")
  done
  if ((${#missing[@]})); then
    die "this is no Debian, so nothing can be installed. Missing (by Debian's names): ${missing[*]}"
  fi
}

# The C++ compiler that the presets name, or else the newest that is there (CMake checks its version).
find_compiler() {
  local name
  for name in clang++-19 clang++-18 clang++-17 clang++-16 clang++ g++-14 g++-13 g++; do
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
}
