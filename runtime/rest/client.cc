#include "runtime/rest/client.h"

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/api/httpbody.pb.h"
#include "runtime/async/sleep.h"
#include "runtime/http/retry_after.h"

namespace edugate::rest {

using google::protobuf::Message;

namespace {

// Told to callers where the provider can't be reached and named no time. edugate's own attempts go
// by their jitter, so that they don't all come back at once.
constexpr absl::Duration kDefaultRetryAfter = absl::Seconds(1);

// Replaces the header where the request has it already.
void SetHeader(absl::string_view name, std::string value, http::Request& request) {
  for (http::Header& header : request.headers) {
    if (!absl::EqualsIgnoreCase(header.name, name)) continue;
    header.value = std::move(value);
    return;
  }
  request.headers.push_back({std::string(name), std::move(value)});
}

// Overwrites a request's body at the end of the call: it may hold a person's login.
class WipedAtEnd {
 public:
  explicit WipedAtEnd(std::string& text) : text_(text) {}
  WipedAtEnd(const WipedAtEnd&) = delete;
  WipedAtEnd& operator=(const WipedAtEnd&) = delete;
  ~WipedAtEnd() { explicit_bzero(text_.data(), text_.size()); }

 private:
  std::string& text_;
};

}  // namespace

Client::Client(ClientParts parts) : parts_(std::move(parts)) {}

errors::Origin Client::OriginOf(const Operation& operation) const {
  return {
      .connection = parts_.connection, .provider = parts_.provider, .operation = operation.name()};
}

async::Task<absl::Status> Client::CallInto(async::CallContext& call, const Operation& operation,
                                           const Message& request, Message& response,
                                           ReplyInfo* info, CallOptions options) {
  auto built = BuildRequest(operation, parts_.endpoint, request);
  if (!built.ok()) co_return built.status();
  http::Request& http_request = *built;
  const WipedAtEnd wiped(http_request.body);
  if (operation.options().max_response_bytes() == 0) {
    http_request.max_response_bytes = parts_.max_response_bytes;
  }
  http_request.source = options.source;
  http_request.sink = options.sink;
  if (options.source != nullptr) {
    http_request.has_body = true;
    SetHeader("Content-Type", std::move(options.source_content_type), http_request);
  }
  if (options.max_response_bytes > 0) http_request.max_response_bytes = options.max_response_bytes;
  if (!options.accept.empty()) SetHeader("Accept", std::move(options.accept), http_request);
  // A stream that has been read or written in part can't be started again.
  const bool streams = options.source != nullptr || options.sink != nullptr;

  for (int attempt = 1;; ++attempt) {
    Outcome outcome = co_await Attempt(call, operation, http_request, response, info);
    if (outcome.status.ok()) {
      budget_.OnSuccess();
      co_return absl::OkStatus();
    }
    if (!outcome.may_repeat || streams || attempt >= parts_.retry.max_attempts) {
      co_return outcome.status;
    }
    const absl::Duration wait =
        Backoff(parts_.retry, attempt + 1, parts_.random(), outcome.retry_after);
    if (wait + parts_.retry.min_attempt > call.remaining()) co_return outcome.status;
    const int64_t cost = outcome.timed_out ? resilience::RetryBudget::kTimeoutRetryCost
                                           : resilience::RetryBudget::kRetryCost;
    if (!budget_.TryTake(cost)) co_return outcome.status;
    absl::Status slept = co_await async::Sleep(call, wait);
    if (absl::IsCancelled(slept)) co_return errors::Cancelled(OriginOf(operation));
    if (!slept.ok()) co_return errors::DeadlineExceeded(OriginOf(operation));
    response.Clear();
  }
}

async::Task<Client::Outcome> Client::Attempt(async::CallContext& call, const Operation& operation,
                                             http::Request& request, Message& response,
                                             ReplyInfo* info) {
  constexpr int kUnauthorized = 401;
  absl::Status authorized = co_await parts_.authorizer->Authorize(call, request);
  if (!authorized.ok()) {
    co_return Outcome{.status = errors::WithMetadata(authorized, "operation", operation.name())};
  }
  http::Exchange exchange = co_await parts_.http->Send(call, request);
  // A 401 says that nothing was done, so that one more attempt with a new token is right for reads
  // and writes alike.
  const bool refused = exchange.failure == http::Failure::kNone &&
                       exchange.response.status == kUnauthorized && request.source == nullptr;
  if (refused && parts_.authorizer->OnRefused(request)) {
    absl::Status renewed = co_await parts_.authorizer->Authorize(call, request);
    if (!renewed.ok()) {
      co_return Outcome{.status = errors::WithMetadata(renewed, "operation", operation.name())};
    }
    exchange = co_await parts_.http->Send(call, request);
  }
  if (info != nullptr) {
    info->http_status = exchange.response.status;
    info->content_type = std::string(exchange.response.header("Content-Type"));
    info->empty = exchange.response.body.empty();
    info->date = http::ParseHttpDate(exchange.response.header("Date"));
  }
  Outcome outcome = Judge(operation, exchange);
  if (!outcome.status.ok()) co_return outcome;
  if (request.sink != nullptr) co_return outcome;
  co_return Read(operation, request, exchange, response);
}

Client::Outcome Client::Judge(const Operation& operation, const http::Exchange& exchange) const {
  if (exchange.failure == http::Failure::kDeadline) {
    return {.status = errors::DeadlineExceeded(OriginOf(operation))};
  }
  if (exchange.failure == http::Failure::kCancelled) {
    return {.status = errors::Cancelled(OriginOf(operation))};
  }
  if (exchange.failure != http::Failure::kNone) {
    Outcome outcome = Failed(operation, ClassifyTransport(operation, exchange));
    outcome.timed_out = exchange.failure == http::Failure::kTimeout;
    return outcome;
  }
  if (auto failure = parts_.classifier->Classify(operation, exchange.response)) {
    return Failed(operation, *std::move(failure));
  }
  return {.status = absl::OkStatus()};
}

Client::Outcome Client::Failed(const Operation& operation, errors::ProviderFailure failure) const {
  Outcome outcome;
  outcome.may_repeat = failure.transient && (operation.repeatable() || failure.nothing_sent);
  outcome.retry_after = failure.retry_after;
  if (failure.reason == edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE &&
      !failure.retry_after.has_value()) {
    failure.retry_after = kDefaultRetryAfter;
  }
  outcome.status = errors::FromProvider(failure, OriginOf(operation));
  return outcome;
}

Client::Outcome Client::Read(const Operation& operation, const http::Request& request,
                             http::Exchange& exchange, Message& response) const {
  const absl::string_view content_type = exchange.response.header("Content-Type");
  if (operation.options().raw_response()) {
    if (exchange.response.unframed) {
      return {.status = errors::ProviderResponseInvalid(
                  "its end can't be told from a cut connection", OriginOf(operation))};
    }
    auto& raw = static_cast<google::api::HttpBody&>(response);
    raw.set_content_type(std::string(content_type));
    raw.set_data(std::move(exchange.response.body));
    return {.status = absl::OkStatus()};
  }
  const bool empty = exchange.response.body.empty();
  if (!empty || !operation.options().allow_empty_response()) {
    codec::DecodeOptions options;
    options.drift = parts_.drift;
    options.max_bytes = request.max_response_bytes;
    options.max_depth = parts_.max_response_depth;
    options.response_field = operation.options().response_field();
    absl::Status decoded =
        codec::Decode(content_type, std::move(exchange.response.body), options, &response);
    if (!decoded.ok()) {
      return {.status = errors::ProviderResponseInvalid(decoded.message(), OriginOf(operation))};
    }
  }
  if (auto failure = parts_.classifier->ClassifyReply(operation, response)) {
    return Failed(operation, *std::move(failure));
  }
  return {.status = absl::OkStatus()};
}

}  // namespace edugate::rest
