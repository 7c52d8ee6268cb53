# The libraries, all from the system. A missing one is named with the Debian package that holds it.

macro(edugate_need package debian)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "edugate needs ${package}. On Debian 12: apt-get install ${debian} (./dev installs it).")
  endif()
endmacro()

find_package(Threads REQUIRED)
edugate_need(Protobuf libprotobuf-dev)
edugate_need(absl libabsl-dev CONFIG)
edugate_need(gRPC libgrpc++-dev CONFIG)
edugate_need(CURL libcurl4-openssl-dev)
edugate_need(nlohmann_json nlohmann-json3-dev CONFIG)
edugate_need(simdjson libsimdjson-dev CONFIG)
edugate_need(pugixml libpugixml-dev CONFIG)
edugate_need(yaml-cpp libyaml-cpp-dev CONFIG)
edugate_need(GTest libgtest-dev)
edugate_need(OpenSSL libssl-dev)
edugate_need(CLI11 libcli11-dev CONFIG)
edugate_need(SQLite3 libsqlite3-dev)
edugate_need(prometheus-cpp prometheus-cpp-dev CONFIG)
# Debian's cpp-httplib is a compiled library whose users need its own definitions, which pkg-config knows.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CPP_HTTPLIB REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET GLOBAL hiredis)

# Replies are made on one thread and freed on another, which glibc's allocator pays for dearly (docs/decisions/jemalloc.md). The
# sanitizers bring allocators of their own.
if(EDUGATE_SANITIZER STREQUAL "")
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET GLOBAL jemalloc)
  add_library(edugate_allocator INTERFACE)
  target_link_libraries(edugate_allocator INTERFACE PkgConfig::JEMALLOC)
else()
  add_library(edugate_allocator INTERFACE)
endif()

find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# google/api, google/rpc and google/type, laid there by ./dev (npm package google-proto-files, checked by hash).
set(EDUGATE_GOOGLEAPIS "${CMAKE_CURRENT_SOURCE_DIR}/build/googleapis" CACHE PATH "folder that holds google/api/*.proto")
if(NOT EXISTS "${EDUGATE_GOOGLEAPIS}/google/api/http.proto")
  message(FATAL_ERROR "google/api/http.proto is not below ${EDUGATE_GOOGLEAPIS}: run ./dev build, which fetches it.")
endif()
