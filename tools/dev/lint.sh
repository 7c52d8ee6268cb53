# shellcheck shell=bash
# The checks of style and structure, and the formatter.

# Our C++ files: what git tracks or would track, and exists.
cpp_files() {
  git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' | sort -u | while read -r file; do
    if [[ -f "$file" ]]; then echo "$file"; fi
  done
}

# The C++ files that differ from where this branch left origin/main (or from HEAD, without a remote).
changed_cpp_files() {
  local since
  since="$(git merge-base HEAD origin/main 2>/dev/null || echo HEAD)"
  {
    git diff --name-only --diff-filter=d "$since" -- '*.cc' '*.h'
    git ls-files --others --exclude-standard -- '*.cc' '*.h'
  } | sort -u
}

format() {
  need lint "${LINT_PACKAGES[@]}"
  cpp_files | xargs -r clang-format-19 -i
}

lint() {
  local files=changed_cpp_files failed=0
  if [[ "${1:-}" == --all ]]; then files=cpp_files; fi
  need lint "${LINT_PACKAGES[@]}"
  fetch_buf
  configure dev

  check "format" format_check || failed=1
  check "include directions" python3 tools/check_includes.py || failed=1
  check "awaits" python3 tools/check_awaits.py || failed=1
  check "shell scripts" shell_check || failed=1
  check "protos" tools/buf_lint.sh || failed=1
  check "protos against origin/main" breaking_check || failed=1
  check "clang-tidy" tidy_check "$files" || failed=1
  return "$failed"
}

check() {
  local name="$1"
  shift
  say "lint: $name"
  "$@" || {
    say "lint: $name FAILED"
    return 1
  }
}

format_check() { cpp_files | xargs -r clang-format-19 --dry-run --Werror; }

shell_check() {
  { echo dev && git ls-files --cached --others --exclude-standard -- '.ci/run' '*.sh'; } |
    xargs shellcheck --external-sources
}

# The wire format and the names that callers have must not change: compares with origin/main's protos.
breaking_check() {
  local buf=build/tools/buf/bin/buf before=build/.dev/before
  if [[ ! -x "$buf" ]] || ! git cat-file -e origin/main:buf.yaml 2>/dev/null; then
    say "nothing to compare the protos with"
    return
  fi
  rm -rf "$before"
  mkdir -p "$before/build"
  git archive origin/main buf.yaml proto | tar -x -C "$before" &&
    cp -r build/googleapis "$before/build/" &&
    "$buf" breaking --against "$before"
}

# clang-tidy needs the generated headers and the precompiled header, so everything is built first.
# A header is checked through the .cc files that include it (HeaderFilterRegex in .clang-tidy).
tidy_check() {
  local list
  mapfile -t list < <("$1" | grep '\.cc$' || true)
  if ((${#list[@]} == 0)); then
    say "no .cc file differs; --all checks every one"
    return
  fi
  ninja -C build || return 1
  # Only what the compilation database knows: a file that no target compiles has no flags.
  local known
  mapfile -t known < <(python3 tools/dev/compiled_files.py build/compile_commands.json "${list[@]}")
  local each tests=() others=()
  for each in "${known[@]}"; do
    if [[ "$each" == *_test.cc ]]; then tests+=("$each"); else others+=("$each"); fi
  done
  local failed=0
  run_tidy "" "${others[@]}" || failed=1
  run_tidy "$(relaxed_for_tests)" "${tests[@]}" || failed=1
  return "$failed"
}

# What is off in tests, beside what .clang-tidy says: a few elements need no reserved room, a failed assertion may leave what it
# has open, and gtest's fixtures have protected destructors; UninitializedObject follows a loop's members through them.
relaxed_for_tests() {
  echo "-performance-inefficient-vector-operation,-clang-analyzer-unix.*,-cppcoreguidelines-virtual-class-destructor,\
-clang-analyzer-optin.cplusplus.UninitializedObject"
}

# run_tidy CHECKS FILE...: CHECKS are added to .clang-tidy's.
run_tidy() {
  local checks="$1"
  shift
  if (($# == 0)); then return; fi
  # What clang-tidy counts on its error output are warnings of the system's headers, none of them shown.
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 1 clang-tidy-19 -p build --quiet --checks="$checks" \
    2> >(grep -v '^[0-9]* warnings\{0,1\} generated' >&2)
}
