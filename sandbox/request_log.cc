#include "sandbox/request_log.h"

#include "absl/strings/match.h"

namespace edugate::sandbox {
namespace {

constexpr size_t kMaxRecent = 1000;

}  // namespace

void RequestLog::Record(SeenRequest request, bool handled, bool faulted) {
  absl::MutexLock lock(&mutex_);
  RouteCount& count = counts_[{request.provider, request.route}];
  count.provider = request.provider;
  count.route = request.route;
  ++count.count;
  ++(request.authorized ? count.authorized : count.unauthorized);
  if (handled) ++count.handled;
  if (faulted) ++count.faulted;
  recent_.push_back(std::move(request));
  if (recent_.size() > kMaxRecent) recent_.pop_front();
}

void RequestLog::Clear() {
  absl::MutexLock lock(&mutex_);
  counts_.clear();
  recent_.clear();
}

std::vector<RouteCount> RequestLog::Counts() const {
  absl::MutexLock lock(&mutex_);
  std::vector<RouteCount> counts;
  counts.reserve(counts_.size());
  for (const auto& [key, count] : counts_) counts.push_back(count);
  return counts;
}

int64_t RequestLog::Count(absl::string_view provider, absl::string_view route_contains) const {
  absl::MutexLock lock(&mutex_);
  int64_t total = 0;
  for (const auto& [key, count] : counts_) {
    if ((provider.empty() || provider == count.provider) &&
        absl::StrContains(count.route, route_contains)) {
      total += count.count;
    }
  }
  return total;
}

std::vector<SeenRequest> RequestLog::Recent() const {
  absl::MutexLock lock(&mutex_);
  return {recent_.begin(), recent_.end()};
}

}  // namespace edugate::sandbox
