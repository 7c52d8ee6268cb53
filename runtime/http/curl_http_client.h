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
#include "runtime/http/http_client.h"

namespace edugate::http {

// What the client allows and how long it waits. The defaults are those of production.
struct CurlOptions {
  absl::Duration connect_timeout = absl::Seconds(3);  // Name, TCP and TLS together.
  int64_t stall_bytes_per_second = 100;               // Slower than this...
  absl::Duration stall_time =
      absl::Seconds(10);                // ...for this long (whole seconds) is Failure::kTimeout.
  int max_connections_per_host = 32;    // For each loop. More requests wait inside libcurl.
  int max_connections = 256;            // For each loop, the kept ones included.
  int64_t max_header_bytes = 64 << 10;  // Of all answers to one request, 1xx included.
  int64_t max_decode_ratio = 100;       // Decoded to received bytes, once 64 KB are decoded.

  // Lets connections to 127.0.0.0/8 and ::1, and plain http to them; nothing else goes over plain
  // http. For tests and the sandbox.
  bool allow_loopback = false;

  // Lets connections to private and link-local addresses, for providers inside the company's
  // network.
  bool allow_private = false;

  bool http2 = false;   // Offers HTTP/2; costs more CPU than HTTP/1.1 for small answers.
  std::string ca_file;  // PEM; empty: the system's.
  std::string user_agent = "edugate";
};

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

  // The call's loop is one of the client's.
  async::Task<Exchange> Send(async::CallContext& call, const Request& request) override;

 private:
  class Engine;
  class Transfer;
  struct Socket;

  Engine* EngineOf(const async::EventLoop& loop) const;

  const CurlOptions options_;
  std::vector<std::unique_ptr<Engine>> engines_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_HTTP_CLIENT_H_
