#include "runtime/telemetry/drift_counter.h"

#include "absl/strings/str_cat.h"
#include "runtime/telemetry/log.h"

namespace edugate::telemetry {
namespace {

constexpr char kOther[] = "*";

}  // namespace

void DriftCounter::OnUnknownField(absl::string_view message, absl::string_view path) {
  Note("unknown_field", message, path);
}

void DriftCounter::OnIllFitting(absl::string_view message, absl::string_view path) {
  Note("ill_fitting", message, path);
}

void DriftCounter::OnMissing(absl::string_view message, absl::string_view path) {
  Note("missing", message, path);
}

void DriftCounter::OnNewEnumValue(absl::string_view message, absl::string_view path) {
  Note("new_enum_value", message, path);
}

int64_t DriftCounter::Count(absl::string_view kind, absl::string_view message,
                            absl::string_view path) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = counts_.find({std::string(kind), std::string(message), std::string(path)});
  return found == counts_.end() ? 0 : found->second;
}

std::string DriftCounter::Text() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string out =
      "# HELP edugate_provider_drift_total Differences between providers' replies and their "
      "schema.\n"
      "# TYPE edugate_provider_drift_total counter\n";
  for (const auto& [key, count] : counts_) {
    const auto& [kind, message, path] = key;
    absl::StrAppend(&out, "edugate_provider_drift_total{kind=\"", kind, "\",message=\"", message,
                    "\",path=\"", path, "\"} ", count, "\n");
  }
  return out;
}

void DriftCounter::Note(absl::string_view kind, absl::string_view message, absl::string_view path) {
  bool first = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Key key{std::string(kind), std::string(message), std::string(path)};
    if (counts_.size() >= kMaxEntries && counts_.find(key) == counts_.end()) {
      key = {std::string(kind), kOther, kOther};
    }
    first = ++counts_[key] == 1;
  }
  if (first) Warn(absl::StrCat("provider drift: ", kind, " ", message, " ", path));
}

}  // namespace edugate::telemetry
