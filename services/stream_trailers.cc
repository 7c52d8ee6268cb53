#include "services/stream_trailers.h"

#include <utility>

#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

// Keys, the code, the time to wait, and what gRPC itself adds.
constexpr size_t kOthersBytes = 512;

// How much the status takes: its message, and its details in base64, with the message once more.
size_t SizeOf(const absl::Status& status) {
  if (status.ok()) return 0;
  const google::rpc::Status wire = errors::ToRpcStatus(status);
  return wire.message().size() + (wire.ByteSizeLong() + 2) / 3 * 4;
}

}  // namespace

std::vector<StreamTrailer> TrailersThatFit(const absl::Status& status,
                                           std::vector<StreamTrailer> trailers) {
  size_t taken = kOthersBytes + SizeOf(status);
  std::vector<StreamTrailer> fitting;
  for (StreamTrailer& each : trailers) {
    const size_t size = each.key.size() + each.value.size() + kTrailerOverhead;
    if (taken + size > kMaxTrailerBytes) continue;
    taken += size;
    fitting.push_back(std::move(each));
  }
  return fitting;
}

}  // namespace edugate::services
