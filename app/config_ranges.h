// The ranges of the configuration's numbers and time spans.
#ifndef APP_CONFIG_RANGES_H_
#define APP_CONFIG_RANGES_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "app/mistake.h"

namespace edugate::app {

// What a number of a message may be, from `least` to `most`. `key` is its field's name.
struct NumberRange {
  const char* key;
  int64_t least;
  int64_t most;
};

// The same of a time span.
struct SpanRange {
  const char* key;
  absl::Duration least;
  absl::Duration most;
};

// Tell `mistake` which fields of `message`, whose own key is `at`, are outside of their ranges.
// What is not there has its default, and so has a number that is 0 and not `optional`.
void CheckNumbers(const google::protobuf::Message& message, absl::Span<const NumberRange> ranges,
                  const std::string& at, const Mistake& mistake);
void CheckSpans(const google::protobuf::Message& message, absl::Span<const SpanRange> ranges,
                const std::string& at, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_CONFIG_RANGES_H_
