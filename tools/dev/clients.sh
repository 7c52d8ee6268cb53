# shellcheck shell=bash
# Clients in other languages: their stubs (buf.gen.yaml), the examples (clients/) and what the conformance cases are run
# with (tests/clients). Everything lands in build/clients.

# The languages' own tools and gRPC libraries.
CLIENT_PACKAGES=(
  python3-grpcio python3-protobuf
  golang-go golang-google-grpc-dev golang-google-protobuf-dev protoc-gen-go-1-5 protoc-gen-go-grpc
  default-jdk-headless libgrpc-java libprotobuf-java protobuf-compiler-grpc-java-plugin libnetty-java libnetty-tcnative-java
  libnetty-tcnative-jni libguava-java libgoogle-gson-java libperfmark-java libgeronimo-annotation-1.3-spec-java
)

# The jars that a Java client runs with, and those that only compiling its stubs needs.
JAVA_LIBRARIES=(
  grpc-{api,core,context,stub,protobuf,protobuf-lite,netty} protobuf protobuf-util guava gson perfmark-api
  netty-{buffer,codec,codec-http,codec-http2,common,handler,resolver,tcnative,transport}
)
JAVA_COMPILE_LIBRARIES=(geronimo-annotation-1.3-spec error_prone_annotations)

clients() {
  local folder="$ROOT/build/clients"
  need clients "${CLIENT_PACKAGES[@]}"
  if ! command -v node >/dev/null; then need node nodejs; fi
  if ! command -v npm >/dev/null; then need npm npm; fi
  local tool missing=()
  for tool in go javac jar node npm protoc-gen-go protoc-gen-go-grpc grpc_java_plugin grpc_python_plugin; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  if ((${#missing[@]})); then die "the clients need what is not here: ${missing[*]}"; fi
  configure dev
  fetch_buf
  [[ -x build/tools/buf/bin/buf ]] || die "the stubs are made by buf, and there is none for $(uname -sm)"
  mkdir -p "$folder"
  unless_current "$folder/node/node_modules" "$(digest clients/node/package-lock.json)" node_modules
  unless_current "$folder/gen" "$(stubs_digest)" client_stubs
  unless_current "$folder/java/stubs.jar" "$(stubs_digest)" java_stubs
  unless_current "$folder/java/testee.jar" "$(stubs_digest clients/java tests/clients/java)" java_programs
  unless_current "$folder/node/out" "$(stubs_digest clients/node/src clients/node/tsconfig.json tests/clients/node)" node_programs
  go_program tour clients/go/tour
  go_program first_call clients/go/first_call
  go_program testee tests/clients/go
  ninja -C build clients_cpp_testee edugate_tour edugate_first_call
}

# unless_current RESULT DIGEST MAKE: calls MAKE RESULT where the result isn't that of the digest.
unless_current() {
  local stamp="$1.stamp"
  if [[ -e "$1" && -f "$stamp" && "$(<"$stamp")" == "$2" ]]; then return; fi
  rm -rf "$stamp"
  "$3" "$1"
  echo "$2" >"$stamp"
}

# One number for the content of files and folders.
digest() { find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

# That of everything that the stubs are made from, and of what is named.
stubs_digest() { digest proto buf.yaml buf.gen.yaml clients/node/package-lock.json tools/dev/clients.sh "$@"; }

node_modules() {
  local folder="$ROOT/build/clients/node"
  say "installing the npm packages of clients/node"
  mkdir -p "$folder"
  cp clients/node/package.json clients/node/package-lock.json "$folder/"
  # No package's own script runs.
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    die "npm could not install clients/node"
}

client_stubs() {
  say "making stubs in six languages"
  rm -rf "$1" build/clients/node/gen
  build/tools/buf/bin/buf generate
}

java_stubs() {
  local classes="$ROOT/build/clients/java/stubs" sources
  say "compiling the stubs for Java"
  rm -rf "$classes"
  mkdir -p "$classes"
  mapfile -t sources < <(find build/clients/gen/java -name '*.java')
  javac -proc:none -nowarn -d "$classes" \
    -cp "$(java_classpath "${JAVA_LIBRARIES[@]}" "${JAVA_COMPILE_LIBRARIES[@]}")" "${sources[@]}"
  jar --create --file "$1" -C "$classes" .
  rm -rf "$classes"
  echo "$1:$(java_classpath "${JAVA_LIBRARIES[@]}")" >build/clients/java/classpath
}

java_programs() {
  local program classes library
  # Debian's netty does TLS with its native library alone, and looks for it under another name than Debian gives it.
  mkdir -p build/clients/java/native
  library="$(dpkg -L libnetty-tcnative-jni | grep '\.so$')"
  cp "$library" build/clients/java/native/libnetty_tcnative.so
  for program in testee tour; do
    classes="build/clients/java/$program"
    rm -rf "$classes"
    mkdir -p "$classes"
  done
  javac_client build/clients/java/testee tests/clients/java/*.java
  javac_client build/clients/java/tour clients/java/*.java
  for program in tour testee; do
    jar --create --file "build/clients/java/$program.jar" -C "build/clients/java/$program" .
  done
}

javac_client() {
  local classes="$1"
  shift
  javac -Xlint:all,-processing,-path,-classfile -Werror -proc:none -d "$classes" \
    -cp "$(<build/clients/java/classpath):$(java_classpath "${JAVA_COMPILE_LIBRARIES[@]}")" "$@"
}

java_classpath() {
  local jars=("${@/#//usr/share/java/}")
  jars=("${jars[@]/%/.jar}")
  local IFS=:
  echo "${jars[*]}"
}

node_programs() {
  local folder="$ROOT/build/clients/node"
  rm -rf "$folder/src" "$folder/testee" "$1"
  cp -r clients/node/src clients/node/tsconfig.json "$folder/"
  cp -r tests/clients/node "$folder/testee"
  (cd "$folder" && node_modules/.bin/tsc)
}

# go_program NAME FOLDER: Go keeps what it has built, so asking again costs little. Debian's Go packages are a GOPATH.
go_program() {
  local workspace="$ROOT/build/clients/go"
  rm -rf "$workspace/src/edugate.internal/$1"
  mkdir -p "$workspace/src/edugate.internal"
  cp -r "$2" "$workspace/src/edugate.internal/$1"
  GO111MODULE=off GOFLAGS='' GOPROXY=off GOPATH="$workspace:$ROOT/build/clients/gen/go:/usr/share/gocode" \
    GOCACHE="$ROOT/build/clients/go-cache" go build -o "$workspace/$1" "edugate.internal/$1"
}

# conformance [LANGUAGE...]: the cases, in these languages or in all, and the page that says what came of them.
conformance() {
  local language languages=("$@") failed=0 run=(/usr/bin/python3 -B tests/clients/conformance/conformance.py)
  if ((${#languages[@]} == 0)); then languages=(cpp go java node python); fi
  build_preset dev edugate
  clients
  for language in "${languages[@]}"; do
    "${run[@]}" run "$language" --program build/edugate --clients build/clients --results build/clients/results ||
      failed=1
  done
  "${run[@]}" matrix --results build/clients/results --document docs/conformance.md --write
  return "$failed"
}

# What came of the last run, case by language.
conformance_matrix() {
  /usr/bin/python3 -B tests/clients/conformance/conformance.py matrix --results build/clients/results | sed -n '/^- /,$p'
}
