# shellcheck shell=bash
# Configuring and building. A preset's folder is CMakePresets.json's: build for dev, build/NAME for others.

preset_folder() { if [[ "$1" == dev ]]; then echo build; else echo "build/$1"; fi; }

# configure PRESET: runs CMake where it has not run or the presets have changed; after that ninja itself
# runs it again when a CMakeLists.txt changes.
configure() {
  local preset="$1" folder stamp compiler overrides=()
  folder="$(preset_folder "$preset")"
  stamp="$folder/.configured"
  need build "${BUILD_PACKAGES[@]}"
  if [[ "$preset" == asan || "$preset" == tsan || "$preset" == fuzz ]]; then
    need sanitizers "${SANITIZER_PACKAGES[@]}"
  fi
  fetch_googleapis
  if [[ -f "$folder/build.ninja" && "$stamp" -nt CMakePresets.json ]]; then return; fi
  compiler="$(find_compiler)"
  if [[ "$compiler" != clang++-19 ]]; then
    say "clang++-19 is not here; taking $compiler"
    overrides=("-DCMAKE_CXX_COMPILER=$compiler" "-DCMAKE_C_COMPILER=cc")
  fi
  cmake --preset "$preset" "${overrides[@]}"
  touch "$stamp"
}

# build_preset PRESET TARGET...
build_preset() {
  local preset="$1"
  shift
  configure "$preset"
  ninja -C "$(preset_folder "$preset")" "$@"
}

descriptors() {
  configure dev
  local protos
  mapfile -t protos < <(cd proto && find edugate -name '*.proto' | sort)
  protoc -I proto -I build/googleapis --include_imports --include_source_info \
    --descriptor_set_out=build/edugate.binpb "${protos[@]}" google/rpc/error_details.proto google/rpc/status.proto
  say "wrote build/edugate.binpb (${#protos[@]} files and what they import)"
}
