#include "services/write_request.h"

#include <algorithm>

#include "runtime/errors/errors.h"

namespace edugate::services {

absl::Status CheckRequestId(absl::string_view request_id) {
  constexpr size_t kMaxRequestId = 128;
  const bool printable = std::all_of(request_id.begin(), request_id.end(),
                                     [](char c) { return c > ' ' && c < '\x7f'; });
  if (request_id.size() > kMaxRequestId || !printable) {
    return errors::ArgumentInvalid("request_id",
                                   "must be at most 128 visible ASCII characters, such as a UUID");
  }
  return absl::OkStatus();
}

}  // namespace edugate::services
