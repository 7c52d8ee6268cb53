# The compiler, its flags and its speed-ups.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "edugate needs clang 16 or newer, or g++ 13 or newer: g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines "
    "(temporaries of a co_await expression are destroyed twice). On Debian 12: apt-get install clang-19, then "
    "cmake --preset dev.")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "edugate needs clang 16 or newer; this is ${CMAKE_CXX_COMPILER_VERSION}.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# The same for libraries and programs, so that one precompiled header serves both; there are no shared libraries here.
add_compile_options(-fPIE -pthread)
add_link_options(-pie)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 18)
  # Debian's abseil and gRPC were built with a compiler whose mangling of constrained templates is clang 17's.
  add_compile_options(-fclang-abi-compat=17)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Without the time stamp a precompiled header is the same bytes for the same input, which ccache needs.
  add_compile_options(
    "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

find_program(EDUGATE_CCACHE ccache)
if(EDUGATE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${EDUGATE_CCACHE})
endif()
find_program(EDUGATE_LLD NAMES ld.lld-19 ld.lld)
if(EDUGATE_LLD)
  add_link_options("-fuse-ld=${EDUGATE_LLD}")
endif()

set(EDUGATE_SANITIZER "" CACHE STRING "address (with undefined), thread, fuzzer or empty")
if(EDUGATE_SANITIZER STREQUAL "address")
  # vptr looks through a pipe whether an object's memory can be read: in a process that has used up its descriptors, as some
  # tests do, every object looks wrong to it.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(EDUGATE_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(EDUGATE_SANITIZER STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT EDUGATE_SANITIZER STREQUAL "")
  message(FATAL_ERROR "EDUGATE_SANITIZER is '${EDUGATE_SANITIZER}'; it takes address, thread, fuzzer or nothing.")
endif()

# Warnings are errors in edugate's own code only; generated code is compiled without them (Edugate.cmake).
set(EDUGATE_WARNINGS -Wall -Wextra -Werror -Wno-missing-field-initializers)
