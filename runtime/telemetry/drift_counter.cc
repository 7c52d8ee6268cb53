#include "runtime/telemetry/drift_counter.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/telemetry/log.h"

namespace edugate::telemetry {
namespace {

constexpr char kOther[] = "*";

}  // namespace

absl::string_view DriftKindText(DriftKind kind) {
  switch (kind) {
    case DriftKind::kUnknownField:
      return "unknown_field";
    case DriftKind::kIllFitting:
      return "ill_fitting";
    case DriftKind::kMissing:
      return "missing";
    case DriftKind::kNewEnumValue:
      return "new_enum_value";
  }
  return "";
}

// The differences of one connection.
class DriftCounter::Source final : public codec::DriftSink {
 public:
  Source(const async::Clock& clock, absl::string_view provider, absl::string_view connection)
      : clock_(clock), provider_(provider), connection_(connection) {}

  void OnUnknownField(absl::string_view message, absl::string_view path) override {
    Note(DriftKind::kUnknownField, message, path);
  }
  void OnIllFitting(absl::string_view message, absl::string_view path) override {
    Note(DriftKind::kIllFitting, message, path);
  }
  void OnMissing(absl::string_view message, absl::string_view path) override {
    Note(DriftKind::kMissing, message, path);
  }
  void OnNewEnumValue(absl::string_view message, absl::string_view path) override {
    Note(DriftKind::kNewEnumValue, message, path);
  }

  void AppendTo(std::vector<DriftRecord>& records) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [key, seen] : seen_) {
      const auto& [message, path, kind] = key;
      records.push_back({.provider = provider_,
                         .connection = connection_,
                         .message = message,
                         .path = path,
                         .kind = kind,
                         .count = seen.count,
                         .first_seen = seen.first,
                         .last_seen = seen.last});
    }
  }

 private:
  using Key = std::tuple<std::string, std::string, DriftKind>;  // message, path, kind
  struct Seen {
    int64_t count = 0;
    absl::Time first;
    absl::Time last;
  };

  void Note(DriftKind kind, absl::string_view message, absl::string_view path) {
    const absl::Time now = clock_.WallNow();
    if (Count(kind, message, path, now)) {
      Warn(absl::StrCat("provider drift: ", connection_, " (", provider_, ") ", DriftKindText(kind),
                        " ", message, " ", path));
    }
  }

  // Whether it is the first of its name.
  bool Count(DriftKind kind, absl::string_view message, absl::string_view path, absl::Time now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = seen_.find(std::make_tuple(message, path, kind));
    if (found != seen_.end()) {
      ++found->second.count;
      found->second.last = now;
      return false;
    }
    const bool full = seen_.size() >= kMaxEntries;
    Seen& seen = full ? seen_[{kOther, kOther, kind}]
                      : seen_[{std::string(message), std::string(path), kind}];
    if (seen.count == 0) seen.first = now;
    seen.last = now;
    return ++seen.count == 1;
  }

  const async::Clock& clock_;
  const std::string provider_;
  const std::string connection_;
  mutable std::mutex mutex_;
  std::map<Key, Seen, std::less<>> seen_;
};

DriftCounter::DriftCounter(const async::Clock& clock) : clock_(clock) {}

DriftCounter::~DriftCounter() = default;

codec::DriftSink& DriftCounter::ForConnection(absl::string_view provider,
                                              absl::string_view connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<Source>& source = sources_[{std::string(connection), std::string(provider)}];
  if (source == nullptr) source = std::make_unique<Source>(clock_, provider, connection);
  return *source;
}

std::vector<DriftRecord> DriftCounter::List() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<DriftRecord> records;
  for (const auto& [names, source] : sources_) source->AppendTo(records);
  const auto names_of = [](const DriftRecord& record) {
    return std::tie(record.connection, record.message, record.path, record.kind, record.provider);
  };
  std::sort(records.begin(), records.end(),
            [&names_of](const DriftRecord& one, const DriftRecord& other) {
              return names_of(one) < names_of(other);
            });
  return records;
}

std::string DriftCounter::Text() const {
  std::string out =
      "# HELP edugate_provider_drift_total Differences between providers' replies and their "
      "schema.\n"
      "# TYPE edugate_provider_drift_total counter\n";
  for (const DriftRecord& each : List()) {
    absl::StrAppend(&out, "edugate_provider_drift_total{provider=\"", each.provider,
                    "\",connection=\"", each.connection, "\",kind=\"", DriftKindText(each.kind),
                    "\",message=\"", each.message, "\",path=\"", each.path, "\"} ", each.count,
                    "\n");
  }
  return out;
}

}  // namespace edugate::telemetry
