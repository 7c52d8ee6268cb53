// An HttpClient for tests: answers by a script and remembers what it was asked.
#ifndef EDUGATE_RUNTIME_HTTP_FAKE_HTTP_CLIENT_H_
#define EDUGATE_RUNTIME_HTTP_FAKE_HTTP_CLIENT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// A request as it arrived: its source, if it had one, is read into the body.
struct SeenRequest {
  std::string method;
  std::string url;
  std::vector<Header> headers;
  std::string body;
  bool has_body = false;
  bool replayable = false;

  // The first value of a header, by name without case; empty if there is none.
  absl::string_view header(absl::string_view name) const;
};

// One line of the script.
struct Expectation {
  std::string method;
  std::string url;
  Exchange exchange;

  // Looks at the headers and the body; absent: anything will do.
  std::function<bool(const SeenRequest&)> matches;

  // How long the answer takes, on the call's loop. A deadline or a cancellation before that gives
  // kDeadline or kCancelled, as a real server's silence does.
  absl::Duration delay = absl::ZeroDuration();
};

// An answer with a body and, if given, its Content-Type.
Exchange Answer(int status, std::string body, std::string content_type = "application/json");

// No answer. `request_sent` as in Exchange.
Exchange NoAnswer(Failure failure, bool request_sent);

// Uses up its script in order. A request that isn't the script's next one fails the test, saying
// both, and gets Failure::kLocal; so does a script that isn't used up when the client is destroyed.
// Not thread-safe.
class FakeHttpClient final : public HttpClient {
 public:
  FakeHttpClient() = default;
  ~FakeHttpClient() override;

  // Appends to the script. The reference is good until the next Expect().
  Expectation& Expect(Expectation expectation);
  Expectation& Expect(std::string method, std::string url, Exchange exchange);

  async::Task<Exchange> Send(async::CallContext& call, const Request& request) override;

  // All requests so far.
  const std::vector<SeenRequest>& requests() const { return requests_; }

  // Expectations that are left.
  std::size_t left() const { return script_.size(); }

 private:
  std::deque<Expectation> script_;
  std::vector<SeenRequest> requests_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_FAKE_HTTP_CLIENT_H_
