#include "runtime/http/curl_http_client.h"

#include <curl/curl.h>

#include <csignal>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/http/curl_endpoint.h"
#include "runtime/http/curl_engine.h"
#include "runtime/http/curl_transfer.h"
#include "runtime/http/request_check.h"

namespace edugate::http {

namespace {

CURLcode InitLibcurl() {
  // OpenSSL writes to a connection that the server has closed; under CURLOPT_NOSIGNAL libcurl
  // leaves the signal to the program.
  struct sigaction action;
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    signal(SIGPIPE, SIG_IGN);
  }
  return curl_global_init(CURL_GLOBAL_ALL);
}

void InitLibcurlOnce() {
  static const CURLcode done = InitLibcurl();
  static_cast<void>(done);
}

}  // namespace

// Sends what one connection's rules allow.
class CurlHttpClient::EndpointClient final : public HttpClient {
 public:
  EndpointClient(CurlHttpClient& client, const EndpointOptions& options)
      : client_(client), endpoint_(options, client.budget_) {}

  async::Task<Exchange> Send(async::CallContext& call, const Request& request) override {
    return client_.SendFrom(endpoint_, call, request);
  }

 private:
  CurlHttpClient& client_;
  const CurlEndpoint endpoint_;
};

std::unique_ptr<HttpClient> CurlHttpClient::MakeEndpoint(const EndpointOptions& options) {
  return std::make_unique<EndpointClient>(*this, options);
}

CurlHttpClient::CurlHttpClient(async::LoopPool& pool, CurlOptions options)
    : options_(std::move(options)),
      budget_(options_.max_arriving_bytes),
      anywhere_(std::make_unique<CurlEndpoint>(options_, budget_)) {
  InitLibcurlOnce();
  for (std::size_t i = 0; i < pool.size(); ++i) {
    engines_.push_back(std::make_unique<CurlEngine>(pool.loop(i), options_));
  }
}

CurlHttpClient::CurlHttpClient(async::EventLoop& loop, CurlOptions options)
    : options_(std::move(options)),
      budget_(options_.max_arriving_bytes),
      anywhere_(std::make_unique<CurlEndpoint>(options_, budget_)) {
  InitLibcurlOnce();
  engines_.push_back(std::make_unique<CurlEngine>(loop, options_));
}

CurlHttpClient::~CurlHttpClient() = default;

CurlEngine* CurlHttpClient::EngineOf(const async::EventLoop& loop) const {
  for (const std::unique_ptr<CurlEngine>& engine : engines_) {
    if (&engine->loop() == &loop) return engine.get();
  }
  return nullptr;
}

async::Task<Exchange> CurlHttpClient::Send(async::CallContext& call, const Request& request) {
  return SendFrom(*anywhere_, call, request);
}

Exchange CurlHttpClient::Refused(const CurlEngine* engine, const CurlEndpoint& endpoint,
                                 const async::CallContext& call, const Request& request) {
  Exchange refused;
  absl::string_view refusal = RefusalOf(request, endpoint.AllowsPlainHttp(request.url));
  if (refusal.empty() && !endpoint.Holds(request.url)) {
    refusal = "the URL's host is not one of the connection's";
  }
  const absl::Status stopped = call.Status();
  if (engine == nullptr) {
    refused.failure = Failure::kLocal;
    refused.detail = "the call's loop is not one of this client's";
  } else if (!refusal.empty()) {
    refused.failure = Failure::kRequestRefused;
    refused.detail = std::string(refusal);
  } else if (!stopped.ok()) {
    refused.failure = call.cancelled() ? Failure::kCancelled : Failure::kDeadline;
    refused.detail = std::string(stopped.message());
  }
  return refused;
}

async::Task<Exchange> CurlHttpClient::SendFrom(const CurlEndpoint& endpoint,
                                               async::CallContext& call, const Request& request) {
  CurlEngine* const engine = EngineOf(call.loop());
  {
    Exchange refused = Refused(engine, endpoint, call, request);
    if (!refused.ok()) co_return refused;
  }
  CurlTransfer transfer(*engine, endpoint, call, request);
  co_await transfer;
  Exchange exchange = transfer.TakeExchange();
  co_return exchange;
}

}  // namespace edugate::http
