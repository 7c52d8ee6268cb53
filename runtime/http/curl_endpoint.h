// CurlEndpoint: whom the requests of one connection may reach, and within which limits.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_ENDPOINT_H_
#define EDUGATE_RUNTIME_HTTP_CURL_ENDPOINT_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/origin.h"
#include "runtime/http/reply_budget.h"
#include "runtime/http/response_reader.h"

struct sockaddr;

namespace edugate::http {

// The rules of one connection. Immutable.
class CurlEndpoint {
 public:
  // To anywhere that CurlOptions allow. `budget` outlives the endpoint.
  CurlEndpoint(const CurlOptions& options, ReplyBudget& budget);

  CurlEndpoint(const EndpointOptions& options, ReplyBudget& budget);

  CurlEndpoint(const CurlEndpoint&) = delete;
  CurlEndpoint& operator=(const CurlEndpoint&) = delete;

  const EndpointOptions& options() const { return options_; }
  const ResponseLimits& limits() const { return limits_; }

  // Different for each endpoint of the process, so that a handle's options can be told from
  // another's.
  uint64_t id() const { return id_; }

  // Whether the URL's origin is one of the connection's.
  bool Holds(absl::string_view url) const { return anywhere_ || OriginOf(url) != nullptr; }

  // Whether this machine may be spoken to under this URL.
  bool AllowsLoopback(absl::string_view url) const;

  // Whether plain http may be asked for under this URL.
  bool AllowsPlainHttp(absl::string_view url) const {
    return anywhere_plain_ || AllowsLoopback(url);
  }

  // Whether the address may be connected to for this URL. Plain http stays on this machine.
  bool AllowsAddress(const sockaddr& address, absl::string_view url) const;

  // The same of an address in words.
  bool AllowsAddress(absl::string_view address, absl::string_view url) const;

 private:
  template <typename Address>
  bool Allows(const Address& address, absl::string_view url) const;

  // Whether the configuration names a network of the address.
  template <typename Address>
  bool Names(const Address& address) const;

  const Origin* OriginOf(absl::string_view url) const;

  const EndpointOptions options_;
  const ResponseLimits limits_;
  const uint64_t id_;
  std::vector<Origin> origins_;
  const bool anywhere_ = false;
  const bool anywhere_loopback_ = false;
  const bool anywhere_private_ = false;
  const bool anywhere_plain_ = false;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_ENDPOINT_H_
