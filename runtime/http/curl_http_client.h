// The HttpClient of production: libcurl's multi interface, one handle per event loop.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_HTTP_CLIENT_H_
#define EDUGATE_RUNTIME_HTTP_CURL_HTTP_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/loop_pool.h"
#include "runtime/http/address_filter.h"
#include "runtime/http/http_client.h"
#include "runtime/http/reply_budget.h"

namespace edugate::http {

// Whom one connection's requests may reach, and how. The addresses that a host's name gives are
// looked at when a socket is opened, so that a name that changes its mind changes nothing.
struct EndpointOptions {
  // The only origins that are spoken to, as absolute URLs of which scheme, host and port count. A
  // request to another one is Failure::kRequestRefused. Plain http and this machine's own addresses
  // need an origin that names a loopback address.
  std::vector<std::string> origins;

  // Private, shared, link-local and loopback networks that may be reached all the same, over TLS.
  // Addresses that lead nowhere (unspecified, multicast, reserved) are not allowed by them.
  std::vector<Network> allowed_networks;

  absl::Duration connect_timeout = absl::Seconds(3);  // Name, TCP and TLS together.
  int64_t stall_bytes_per_second = 100;               // Slower than this...
  absl::Duration stall_time =
      absl::Seconds(10);                // ...for this long (whole seconds) is Failure::kTimeout.
  int64_t max_header_bytes = 64 << 10;  // Of all answers to one request, 1xx included.
  int64_t max_decode_ratio = 100;       // Decoded to received bytes, once 64 KB are decoded.

  // Offers HTTP/2; costs more CPU than HTTP/1.1 for small answers. A request that isn't replayable
  // has a connection of its own there: only so can a stream that the server refused be told from a
  // lost answer.
  bool http2 = false;

  std::string ca_file;  // PEM; empty: the system's.
};

// What the client allows and how long it waits. The defaults are those of production.
struct CurlOptions {
  absl::Duration connect_timeout = absl::Seconds(3);  // As in EndpointOptions, and so are these.
  int64_t stall_bytes_per_second = 100;
  absl::Duration stall_time = absl::Seconds(10);

  // For each loop: how many connections to a host there are at most, and how many are kept when
  // their request has ended. Requests beyond the first wait inside libcurl, which looks each of
  // them through again and again meanwhile: edugate limits the calls of a connection before they
  // come here. 0: no limit.
  int max_connections_per_host = 0;
  int max_kept_connections = 256;

  int64_t max_header_bytes = 64 << 10;  // As in EndpointOptions, and so is the ratio.
  int64_t max_decode_ratio = 100;

  // Of the bodies of all answers that arrive at the same time, those for a sink excepted; what is
  // beyond is Failure::kNoRoom. Well above what a busy process has at once: 1,000 pages of 256 KB.
  int64_t max_arriving_bytes = int64_t{256} << 20;

  // Lets connections to 127.0.0.0/8 and ::1, and plain http to them; nothing else goes over plain
  // http. For tests and tools; what edugate serves has endpoints.
  bool allow_loopback = false;

  // Lets plain http to any address that may be connected to. For a collector of telemetry inside
  // the company's network, and no provider.
  bool allow_plain_http = false;

  // Lets connections to private and link-local addresses, for providers inside the company's
  // network.
  bool allow_private = false;

  bool http2 = false;   // As in EndpointOptions.
  std::string ca_file;  // PEM; empty: the system's.
  std::string user_agent = "edugate";
};

class CurlEndpoint;
class CurlEngine;

// Each loop has its own connections, DNS cache and TLS sessions; a call uses those of its loop. The
// client is built before calls are made on the loops, and destroyed when no loop runs any more and
// before the loops. The first client of a process has it ignore SIGPIPE, unless the program handles
// that.
class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(async::LoopPool& pool, CurlOptions options);

  // For a loop that the caller runs.
  CurlHttpClient(async::EventLoop& loop, CurlOptions options);

  ~CurlHttpClient() override;

  // A client for one connection, which shares this one's sockets and handles and has rules of its
  // own; what isn't in `options` is as in CurlOptions. This client outlives it, and it outlives its
  // requests.
  std::unique_ptr<HttpClient> MakeEndpoint(const EndpointOptions& options);

  // The call's loop is one of the client's. To any public https address, and what CurlOptions allow
  // besides.
  async::Task<Exchange> Send(async::CallContext& call, const Request& request) override;

 private:
  class EndpointClient;

  CurlEngine* EngineOf(const async::EventLoop& loop) const;
  async::Task<Exchange> SendFrom(const CurlEndpoint& endpoint, async::CallContext& call,
                                 const Request& request);
  // Why a request is not sent; an exchange without a failure where it is.
  static Exchange Refused(const CurlEngine* engine, const CurlEndpoint& endpoint,
                          const async::CallContext& call, const Request& request);

  const CurlOptions options_;
  ReplyBudget budget_;  // The loops share it.
  const std::unique_ptr<const CurlEndpoint> anywhere_;
  std::vector<std::unique_ptr<CurlEngine>> engines_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_HTTP_CLIENT_H_
