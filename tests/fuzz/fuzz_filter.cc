// Any text as a filter. Byte 1 stands for a canary, which no complaint may repeat.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/filter.h"
#include "runtime/errors/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

// The filter as text, every value in quotes.
std::string Print(const adapters::Filter& filter) {
  std::string text;
  for (const adapters::Comparison& each : filter.comparisons) {
    if (!text.empty()) absl::StrAppend(&text, " AND ");
    absl::StrAppend(&text, each.field, " ", each.op, " \"");
    for (const char c : each.value) {
      if (c == '\\' || c == '"' || c == '\'' || c == '*') text.push_back('\\');
      text.push_back(c);
    }
    text.push_back('"');
  }
  return text;
}

void RequireRefused(const absl::Status& status) {
  fuzz::Require(errors::ReasonOf(status) == v1::ERROR_REASON_FILTER_UNSUPPORTED,
                "a filter is refused as one", status.message());
  fuzz::Require(!absl::StrContains(errors::ToRpcStatus(status).SerializeAsString(), fuzz::kCanary),
                "a complaint repeats no value", status.message());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::WithCanary(fuzz::Input(data, size).Rest());
  const auto filter = adapters::ParseFilter(text);
  if (!filter.ok()) {
    RequireRefused(filter.status());
    return 0;
  }
  fuzz::Require(filter->comparisons.size() <= adapters::kMaxComparisons, "filters are bounded");

  const std::string printed = Print(*filter);
  if (printed.size() <= adapters::kMaxFilterBytes) {
    const auto again = adapters::ParseFilter(printed);
    fuzz::Require(again.ok() && again->comparisons.size() == filter->comparisons.size(),
                  "a printed filter can be read", printed);
    for (size_t i = 0; i < filter->comparisons.size(); ++i) {
      const adapters::Comparison& a = filter->comparisons[i];
      const adapters::Comparison& b = again->comparisons[i];
      fuzz::Require(a.field == b.field && a.op == b.op && a.value == b.value,
                    "a printed filter means the same", printed);
    }
  }

  static const auto* fields = new std::vector<adapters::FilterField>{
      {"provider_status", {"=", "!="}, adapters::FilterType::kString, ""},
      {"year", {"=", "<", ">"}, adapters::FilterType::kInt, ""},
      {"decision_date", {">=", "<="}, adapters::FilterType::kDate, ""},
      {"update_time", {">"}, adapters::FilterType::kTime, ""},
      {"active", {"="}, adapters::FilterType::kBool, ""},
  };
  const absl::Status checked = adapters::CheckFilter(*filter, *fields);
  if (!checked.ok()) {
    RequireRefused(checked);
    return 0;
  }
  for (const adapters::Comparison& each : filter->comparisons) {
    const adapters::Comparison* found = filter->Find(each.field, each.op);
    fuzz::Require(found == &each, "a checked filter has one comparison of a kind", text);
    fuzz::Require(each.field != "year" || adapters::IntValue(each).has_value(),
                  "a year is a number", text);
    fuzz::Require(each.field != "decision_date" || adapters::DateValue(each).has_value(),
                  "a date is a date", text);
    fuzz::Require(each.field != "update_time" || adapters::TimeValue(each).has_value(),
                  "a time is a time", text);
    fuzz::Require(each.field != "active" || adapters::BoolValue(each).has_value(),
                  "yes and no are that", text);
  }
  return 0;
}

}  // namespace edugate
