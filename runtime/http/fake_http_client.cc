#include "runtime/http/fake_http_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "runtime/async/event.h"
#include "runtime/async/sleep.h"

namespace edugate::http {

namespace {

// Wakes the exchange when a paused sink or source wants to go on.
class Wakeup final : public Resumable {
 public:
  void ResumeTransfer() override { event.Set(); }
  async::Event event;
};

Exchange Stopped(const async::CallContext& call, bool request_sent) {
  Exchange exchange;
  exchange.failure = call.cancelled() ? Failure::kCancelled : Failure::kDeadline;
  exchange.detail = std::string(call.Status().message());
  exchange.request_sent = request_sent;
  return exchange;
}

Exchange GivenUp(absl::string_view detail) {
  Exchange exchange = NoAnswer(Failure::kCancelled, true);
  exchange.detail = std::string(detail);
  return exchange;
}

// Reads all of `source` into `body`. The failure, or kNone.
async::Task<Exchange> ReadSource(async::CallContext& call, BodySource& source, std::string& body) {
  Wakeup wakeup;
  source.Attach(&wakeup);
  Exchange result;
  char buffer[4096];
  while (true) {
    const BodySource::Piece piece = source.Read(buffer, sizeof(buffer));
    if (piece.kind == BodySource::Piece::Kind::kEnd) break;
    if (piece.kind == BodySource::Piece::Kind::kBytes) {
      body.append(buffer, piece.size);
      continue;
    }
    if (piece.kind == BodySource::Piece::Kind::kAbort) {
      result = GivenUp("the sender of the body gave up");
      break;
    }
    auto resumed = co_await wakeup.event.Wait(call);
    wakeup.event.Reset();
    if (!resumed.ok()) {
      result = Stopped(call, true);
      break;
    }
  }
  source.Attach(nullptr);
  co_return result;
}

// Gives the exchange's body to `sink` in pieces of 4 KB. The failure, or the exchange without its
// body.
async::Task<Exchange> WriteSink(async::CallContext& call, BodySink& sink, Exchange exchange) {
  Wakeup wakeup;
  sink.Attach(&wakeup);
  const std::string body = std::move(exchange.response.body);
  exchange.response.body.clear();
  sink.Begin(exchange.response);
  absl::string_view left = body;
  while (!left.empty()) {
    const absl::string_view piece = left.substr(0, 4096);
    const Flow flow = sink.Write(piece);
    if (flow == Flow::kContinue) {
      left.remove_prefix(piece.size());
      continue;
    }
    if (flow == Flow::kAbort) {
      exchange = GivenUp("the receiver of the body gave up");
      break;
    }
    auto resumed = co_await wakeup.event.Wait(call);
    wakeup.event.Reset();
    if (!resumed.ok()) {
      exchange = Stopped(call, true);
      break;
    }
  }
  sink.Attach(nullptr);
  co_return exchange;
}

}  // namespace

absl::string_view SeenRequest::header(absl::string_view name) const {
  for (const Header& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return {};
}

Exchange Answer(int status, std::string body, std::string content_type) {
  Exchange exchange;
  exchange.request_sent = true;
  exchange.response_started = true;
  exchange.response.status = status;
  exchange.response.body = std::move(body);
  if (!content_type.empty()) {
    exchange.response.headers.push_back(Header{"Content-Type", std::move(content_type)});
  }
  return exchange;
}

Exchange NoAnswer(Failure failure, bool request_sent) {
  Exchange exchange;
  exchange.failure = failure;
  exchange.detail = std::string(FailureName(failure));
  exchange.request_sent = request_sent;
  return exchange;
}

FakeHttpClient::~FakeHttpClient() {
  for (const Expectation& expectation : script_) {
    ADD_FAILURE() << "FakeHttpClient: never asked for " << expectation.method << " "
                  << expectation.url;
  }
}

Expectation& FakeHttpClient::Expect(Expectation expectation) {
  script_.push_back(std::move(expectation));
  return script_.back();
}

Expectation& FakeHttpClient::Expect(std::string method, std::string url, Exchange exchange) {
  Expectation expectation;
  expectation.method = std::move(method);
  expectation.url = std::move(url);
  expectation.exchange = std::move(exchange);
  return Expect(std::move(expectation));
}

async::Task<Exchange> FakeHttpClient::Send(async::CallContext& call, const Request& request) {
  if (!call.Status().ok()) {
    Exchange stopped = Stopped(call, false);
    co_return stopped;
  }
  SeenRequest seen{request.method, request.url,      request.headers,
                   request.body,   request.has_body, request.replayable};
  if (request.source != nullptr) {
    seen.has_body = true;
    auto read = co_await ReadSource(call, *request.source, seen.body);
    if (!read.ok()) co_return read;
  }
  requests_.push_back(seen);
  const bool expected =
      !script_.empty() && script_.front().method == seen.method && script_.front().url == seen.url;
  if (!expected) {
    ADD_FAILURE() << "FakeHttpClient: asked for " << seen.method << " " << seen.url
                  << "\n expected: "
                  << (script_.empty() ? "nothing more"
                                      : script_.front().method + " " + script_.front().url);
    Exchange unexpected = NoAnswer(Failure::kLocal, false);
    co_return unexpected;
  }
  Expectation expectation = std::move(script_.front());
  script_.pop_front();
  if (expectation.matches && !expectation.matches(seen)) {
    ADD_FAILURE() << "FakeHttpClient: the headers or the body of " << seen.method << " " << seen.url
                  << " do not match; body: " << seen.body;
    Exchange unexpected = NoAnswer(Failure::kLocal, false);
    co_return unexpected;
  }
  if (expectation.delay > absl::ZeroDuration()) {
    auto slept = co_await async::Sleep(call, expectation.delay);
    if (!slept.ok()) {
      Exchange stopped = Stopped(call, true);
      co_return stopped;
    }
  }
  Exchange exchange = std::move(expectation.exchange);
  const bool success = exchange.ok() && exchange.response.status / 100 == 2;
  if (success && request.sink != nullptr) {
    auto written = co_await WriteSink(call, *request.sink, std::move(exchange));
    co_return written;
  }
  if (exchange.ok() &&
      static_cast<int64_t>(exchange.response.body.size()) > request.max_response_bytes) {
    exchange = NoAnswer(Failure::kTooLarge, true);
  }
  co_return exchange;
}

}  // namespace edugate::http
