// Any answer of an OAuth token endpoint. A byte chooses the options, another the status; then come
// Content-Type and Retry-After, a line each, and the body. Byte 1 stands for a canary.

#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "runtime/auth/token_endpoint.h"
#include "runtime/errors/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

constexpr int kStatuses[] = {200, 201, 400, 401, 403, 408, 429, 500, 503, 302, 204, 404, 100};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const size_t choice = input.Choice(4);
  auth::OAuth2ClientOptions options{
      .token_url = "https://provider.example/token",
      .client_id = config::SecretSource::Value("id"),
      .client_secret = config::SecretSource::Value("secret"),
      .header_scheme = (choice & 1) != 0 ? "JWT" : "",
      .forbidden_is_rate_limit = (choice & 2) != 0,
  };
  http::Exchange exchange;
  exchange.response.status = kStatuses[input.Choice(std::size(kStatuses))];
  exchange.response.headers = {{"Content-Type", fuzz::WithCanary(input.Line())},
                               {"Retry-After", fuzz::WithCanary(input.Line())}};
  exchange.response.body = fuzz::WithCanary(input.Rest());
  const int status = exchange.response.status;

  const auth::FetchResult result =
      auth::ReadTokenAnswer(options, std::move(exchange), absl::FromUnixSeconds(1'800'000'000));
  if (const auto* token = std::get_if<auth::Token>(&result)) {
    fuzz::Require(status >= 200 && status < 300, "only a success has a token");
    fuzz::Require(token->life >= absl::ZeroDuration() && token->life <= auth::kMaxTokenLife,
                  "a token's life is bounded");
    const absl::string_view header = token->authorization.Reveal();
    fuzz::Require(absl::StartsWith(header, "Bearer ") || absl::StartsWith(header, "JWT "),
                  "a token has a scheme", header);
    for (const char c : header.substr(header.find(' ') + 1)) {
      fuzz::Require(c > ' ' && c < 0x7f, "a token can stand in a header", header);
    }
    return 0;
  }
  const auto& failure = std::get<errors::ProviderFailure>(result);
  if (failure.retry_after.has_value()) {
    fuzz::Require(
        *failure.retry_after >= absl::ZeroDuration() && *failure.retry_after <= absl::Hours(1),
        "nobody waits longer than an hour");
  }
  const absl::Status refused = errors::FromProvider(failure, {.connection = "acme"});
  fuzz::Require(!refused.ok(), "a failure is no success");
  const std::string wire = errors::ToRpcStatus(refused).SerializeAsString();
  fuzz::Require(wire.size() <= errors::kMaxStatusBytes, "a status fits into the trailers");
  fuzz::Require(!absl::StrContains(wire, fuzz::kCanary), "nothing of a body reaches the caller");
  return 0;
}

}  // namespace edugate
