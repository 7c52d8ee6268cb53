// Any text as the headers traceparent and tracestate: the first line is the one, the rest the
// other.

#include <string>

#include "runtime/telemetry/trace_context.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace async = edugate::async;
namespace fuzz = edugate::fuzz;
namespace telemetry = edugate::telemetry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = fuzz::Input(data, size).Rest();
  const std::size_t line = std::min(text.find('\n'), text.size());
  const absl::string_view parent = text.substr(0, line);
  const absl::string_view state = text.substr(std::min(line + 1, text.size()));

  const auto read = telemetry::ParseTraceparent(parent);
  if (read.has_value()) {
    fuzz::Require(!telemetry::IsNone(read->trace_id) && !telemetry::IsNone(read->parent_id),
                  "ids of zero are none", text);
    const std::string again =
        telemetry::FormatTraceparent(read->trace_id, read->parent_id, read->sampled);
    const auto reread = telemetry::ParseTraceparent(again);
    fuzz::Require(reread.has_value() && reread->trace_id == read->trace_id &&
                      reread->parent_id == read->parent_id && reread->sampled == read->sampled,
                  "what was read can be written and read again", text);
    fuzz::Require(parent.substr(3, 49) == absl::string_view(again).substr(3, 49),
                  "ids stay as they were written", text);
  }
  const async::TracePlace place = telemetry::PlaceOf(parent, state, 0.5, true);
  fuzz::Require(!telemetry::IsNone(place.trace_id) && !telemetry::IsNone(place.span_id),
                "every call has a place in a trace", text);
  fuzz::Require(place.state.empty() || (read.has_value() && place.state == state),
                "a tracestate is passed on whole, with its traceparent, or not at all", text);
  for (const char c : place.state) {
    fuzz::Require((c >= 0x20 && c <= 0x7e) || c == '\t', "a header has no line break", text);
  }
  fuzz::Require(telemetry::OutgoingTraceparent(place, place.span_id).size() == 55,
                "what is sent is of version 00", text);
  return 0;
}
