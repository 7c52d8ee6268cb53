// What the tests of CurlHttpClient share: a loop, a client that may speak to this machine, and
// one-line sending.
#ifndef EDUGATE_RUNTIME_HTTP_CLIENT_FIXTURE_H_
#define EDUGATE_RUNTIME_HTTP_CLIENT_FIXTURE_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event_loop.h"
#include "runtime/http/curl_http_client.h"

namespace edugate::http {

inline CurlOptions LoopbackOptions() {
  CurlOptions options;
  options.allow_loopback = true;
  return options;
}

inline Request MakeRequest(std::string method, std::string url) {
  Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  return request;
}

class ClientTest : public ::testing::Test {
 protected:
  explicit ClientTest(CurlOptions options = LoopbackOptions())
      : client_(loop_, std::move(options)) {}

  // Sends from this thread and waits. The time-out is there to end a test that hangs.
  Exchange Send(const Request& request, absl::Duration timeout = absl::Seconds(60)) {
    return SendWith(client_, request, timeout);
  }

  Exchange SendWith(CurlHttpClient& client, const Request& request,
                    absl::Duration timeout = absl::Seconds(60)) {
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), timeout));
    return async::BlockOn(loop_, client.Send(call, request));
  }

  Exchange Get(std::string url) { return Send(MakeRequest("GET", std::move(url))); }

  async::EventLoop loop_;
  CurlHttpClient client_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CLIENT_FIXTURE_H_
