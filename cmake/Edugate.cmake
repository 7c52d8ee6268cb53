# edugate_library, edugate_test, edugate_proto_library: one target a folder.

set(EDUGATE_PCH "${CMAKE_CURRENT_SOURCE_DIR}/cmake/precompiled.h")

# One precompiled header for all: standard library and abseil, which nearly every file includes.
add_library(edugate_precompiled OBJECT "${CMAKE_CURRENT_SOURCE_DIR}/cmake/precompiled.cc")
target_precompile_headers(edugate_precompiled PRIVATE "${EDUGATE_PCH}")
target_compile_options(edugate_precompiled PRIVATE ${EDUGATE_WARNINGS})
target_link_libraries(edugate_precompiled PRIVATE absl::status absl::statusor absl::strings absl::time
  absl::any_invocable protobuf::libprotobuf)

function(edugate_own_code target)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE ${EDUGATE_WARNINGS})
  target_precompile_headers(${target} REUSE_FROM edugate_precompiled)
endfunction()

macro(edugate_existing list)
  foreach(file IN LISTS ${list})
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
      list(REMOVE_ITEM ${list} "${file}")
    endif()
  endforeach()
  if(NOT ${list})
    return()
  endif()
endmacro()

# edugate_library(NAME n SOURCES a.cc... DEPS x y...): a folder's code, and what it may use.
function(edugate_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  edugate_existing(ARG_SOURCES)
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  edugate_own_code(${ARG_NAME})
  target_link_libraries(${ARG_NAME} PUBLIC absl::status absl::statusor absl::strings absl::time absl::any_invocable
    absl::flat_hash_map absl::flat_hash_set absl::synchronization protobuf::libprotobuf ${ARG_DEPS})
endfunction()

# edugate_test(NAME n SOURCES a_test.cc... DEPS x y... [LABELS l...]): a folder's tests as one program.
function(edugate_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LABELS" ${ARGN})
  edugate_existing(ARG_SOURCES)
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  edugate_own_code(${ARG_NAME})
  target_compile_definitions(${ARG_NAME} PRIVATE EDUGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 300)
  if(ARG_LABELS)
    set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()

# edugate_proto_library(NAME n ROOT dir PROTOS a.proto... DEPS x... [GRPC]): generated code, compiled without warnings.
# The paths are relative to ROOT, which is also the import root.
function(edugate_proto_library)
  cmake_parse_arguments(ARG "GRPC" "NAME;ROOT" "PROTOS;DEPS" ${ARGN})
  set(out "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${out}")
  set(generated)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(files "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(grpc_flags)
    if(ARG_GRPC)
      list(APPEND files "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(grpc_flags --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} --grpc_out=${out})
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${PROTOC} -I "${PROJECT_SOURCE_DIR}/proto" -I "${EDUGATE_GOOGLEAPIS}" --cpp_out=${out} ${grpc_flags}
        "${ARG_ROOT}/${proto}"
      DEPENDS "${ARG_ROOT}/${proto}"
      COMMENT "protoc ${proto}"
      VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(${ARG_NAME} STATIC ${generated})
  target_include_directories(${ARG_NAME} SYSTEM PUBLIC "${out}")
  target_compile_options(${ARG_NAME} PRIVATE -w)
  target_link_libraries(${ARG_NAME} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_GRPC)
    target_link_libraries(${ARG_NAME} PUBLIC gRPC::grpc++)
  endif()
endfunction()
