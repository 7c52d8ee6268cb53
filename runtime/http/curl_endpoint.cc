#include "runtime/http/curl_endpoint.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "runtime/http/address_filter.h"

namespace edugate::http {

namespace {

EndpointOptions HowOf(const CurlOptions& options) {
  EndpointOptions how;
  how.connect_timeout = options.connect_timeout;
  how.stall_bytes_per_second = options.stall_bytes_per_second;
  how.stall_time = options.stall_time;
  how.max_header_bytes = options.max_header_bytes;
  how.max_decode_ratio = options.max_decode_ratio;
  how.http2 = options.http2;
  how.ca_file = options.ca_file;
  return how;
}

ResponseLimits LimitsOf(const EndpointOptions& options, ReplyBudget& budget) {
  return {.max_header_bytes = options.max_header_bytes,
          .max_decode_ratio = options.max_decode_ratio,
          .budget = &budget};
}

uint64_t NextId() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

CurlEndpoint::CurlEndpoint(const CurlOptions& options, ReplyBudget& budget)
    : options_(HowOf(options)),
      limits_(LimitsOf(options_, budget)),
      id_(NextId()),
      anywhere_(true),
      anywhere_loopback_(options.allow_loopback),
      anywhere_private_(options.allow_private),
      anywhere_plain_(options.allow_plain_http) {}

CurlEndpoint::CurlEndpoint(const EndpointOptions& options, ReplyBudget& budget)
    : options_(options), limits_(LimitsOf(options, budget)), id_(NextId()) {
  for (const std::string& url : options.origins) {
    const std::optional<Origin> origin = Origin::Of(url);
    if (origin.has_value()) origins_.push_back(*origin);
  }
}

bool CurlEndpoint::AllowsLoopback(absl::string_view url) const {
  if (anywhere_) return anywhere_loopback_;
  const Origin* const origin = OriginOf(url);
  return origin != nullptr && origin->loopback();
}

bool CurlEndpoint::AllowsAddress(const sockaddr& address, absl::string_view url) const {
  return Allows(address, url);
}

bool CurlEndpoint::AllowsAddress(absl::string_view address, absl::string_view url) const {
  return Allows(address, url);
}

template <typename Address>
bool CurlEndpoint::Allows(const Address& address, absl::string_view url) const {
  const bool plain = absl::StartsWithIgnoreCase(url, "http:") && !anywhere_plain_;
  switch (ReachOf(address)) {
    case Reach::kPublic:
      return !plain;
    case Reach::kPrivate:
      return !plain && (anywhere_private_ || Names(address));
    case Reach::kLoopback:
      return AllowsLoopback(url) || (!plain && Names(address));
    case Reach::kNowhere:
      break;
  }
  return false;
}

template <typename Address>
bool CurlEndpoint::Names(const Address& address) const {
  return std::any_of(options_.allowed_networks.begin(), options_.allowed_networks.end(),
                     [&](const Network& network) { return network.Contains(address); });
}

const Origin* CurlEndpoint::OriginOf(absl::string_view url) const {
  for (const Origin& origin : origins_) {
    if (origin.Holds(url)) return &origin;
  }
  return nullptr;
}

}  // namespace edugate::http
