// What a fuzz target demands of the code that it feeds.
#ifndef TESTS_FUZZ_INVARIANT_H_
#define TESTS_FUZZ_INVARIANT_H_

#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace edugate::fuzz {

// Ends the program, naming the broken invariant, unless it holds.
inline void Require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", invariant);
  std::abort();
}

// The same with the text that broke it.
inline void Require(bool holds, const char* invariant, absl::string_view text) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n  by: %.*s\n", invariant, static_cast<int>(text.size()),
               text.data());
  std::abort();
}

}  // namespace edugate::fuzz

#endif  // TESTS_FUZZ_INVARIANT_H_
