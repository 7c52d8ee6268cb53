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

# edugate_library(NAME n SOURCES a.cc... DEPS x y...): a folder's code, and what it may use.
function(edugate_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  edugate_own_code(${ARG_NAME})
  target_link_libraries(${ARG_NAME} PUBLIC absl::status absl::statusor absl::strings absl::time absl::any_invocable
    absl::flat_hash_map absl::flat_hash_set absl::synchronization protobuf::libprotobuf ${ARG_DEPS})
endfunction()

# edugate_test(NAME n SOURCES a_test.cc... DEPS x y... [LABELS l...]): a folder's tests as one program.
function(edugate_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  edugate_own_code(${ARG_NAME})
  target_compile_definitions(${ARG_NAME} PRIVATE EDUGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 300)
  if(ARG_LABELS)
    set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
  cmake_language(EVAL CODE "cmake_language(DEFER CALL edugate_label_grpc_test ${ARG_NAME})")
endfunction()

# edugate_links_grpc(target result): whether a target links gRPC, itself or through what it links.
function(edugate_links_grpc target result)
  set(seen)
  set(queue ${target})
  while(queue)
    list(POP_FRONT queue next)
    if(next MATCHES "gRPC::grpc")
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
    if(NOT TARGET "${next}" OR next IN_LIST seen)
      continue()
    endif()
    list(APPEND seen "${next}")
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(linked "${next}" ${property})
      if(linked)
        list(APPEND queue ${linked})
      endif()
    endforeach()
  endwhile()
  set(${result} FALSE PARENT_SCOPE)
endfunction()

# A test that links gRPC has the label grpc: ThreadSanitizer reports false races there (./dev test --tsan).
function(edugate_label_grpc_test test)
  edugate_links_grpc(${test} links)
  if(links)
    set_property(TEST ${test} APPEND PROPERTY LABELS grpc)
  endif()
endfunction()

# edugate_fuzz(NAME fuzz_n SOURCES fuzz_n.cc DEPS x...): a LLVMFuzzerTestOneInput. In the fuzz preset it is a libFuzzer
# program; everywhere else it is a test that runs the committed corpus, tests/fuzz/corpus/fuzz_n/*.
function(edugate_fuzz)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  if(EDUGATE_SANITIZER STREQUAL "fuzzer")
    add_executable(${ARG_NAME} ${ARG_SOURCES})
    target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
    if(NOT TARGET fuzz_targets)
      add_custom_target(fuzz_targets)
    endif()
    add_dependencies(fuzz_targets ${ARG_NAME})
  else()
    add_executable(${ARG_NAME} ${ARG_SOURCES} "${PROJECT_SOURCE_DIR}/tools/fuzz/run_corpus.cc")
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${ARG_NAME}")
    set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 300)
  endif()
  edugate_own_code(${ARG_NAME})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS})
endfunction()

# edugate_proto_library(NAME n ROOT dir PROTOS a.proto... DEPS x... [GRPC] [WRITERS]): generated code, compiled without
# warnings. The paths are relative to ROOT, which is also the import root. WRITERS adds what runtime/codec/field_writers.h
# says, for messages that are decoded.
function(edugate_proto_library)
  cmake_parse_arguments(ARG "GRPC;WRITERS" "NAME;ROOT" "PROTOS;DEPS" ${ARGN})
  set(out "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${out}")
  set(generated)
  set(import_roots "${PROJECT_SOURCE_DIR}/proto" "${EDUGATE_GOOGLEAPIS}" "${ARG_ROOT}")
  list(REMOVE_DUPLICATES import_roots)
  list(TRANSFORM import_roots PREPEND "-I;")
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(files "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(grpc_flags)
    if(ARG_GRPC)
      list(APPEND files "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(grpc_flags --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} --grpc_out=${out})
    endif()
    set(writers_flags)
    set(writers_plugin)
    if(ARG_WRITERS)
      set(writers_plugin protoc_field_writers)
      set(writers_flags --plugin=protoc-gen-writers=$<TARGET_FILE:protoc_field_writers> --writers_out=${out})
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${PROTOC} ${import_roots} --cpp_out=${out} ${grpc_flags} ${writers_flags}
        "${ARG_ROOT}/${proto}"
      DEPENDS "${ARG_ROOT}/${proto}" ${writers_plugin}
      COMMENT "protoc ${proto}"
      VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(${ARG_NAME} STATIC ${generated})
  target_include_directories(${ARG_NAME} SYSTEM PUBLIC "${out}")
  if(ARG_WRITERS)
    target_include_directories(${ARG_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  endif()
  target_compile_options(${ARG_NAME} PRIVATE -w)
  target_link_libraries(${ARG_NAME} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_GRPC)
    target_link_libraries(${ARG_NAME} PUBLIC gRPC::grpc++)
  endif()
endfunction()
