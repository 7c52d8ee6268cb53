#include "runtime/auth/token_endpoint.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "runtime/auth/credential_header.h"
#include "runtime/auth/open_secret.h"
#include "runtime/auth/token_reply.pb.h"
#include "runtime/codec/decoder.h"
#include "runtime/http/retry_after.h"

namespace edugate::auth {
namespace {

// More than any token reply needs.
constexpr int64_t kMaxReplyBytes = 64 << 10;
constexpr int kMaxReplyDepth = 16;

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;

using Parameters = std::vector<std::pair<std::string, std::string>>;

// The parameters of a request, in the order in which RFC 6749 names them.
Parameters ParametersOf(const OAuth2ClientOptions& options, absl::string_view client_id,
                        absl::string_view client_secret) {
  Parameters parameters;
  if (options.request_body == TokenRequestBody::kForm) {
    parameters.emplace_back("grant_type", "client_credentials");
  }
  if (options.credentials_in == CredentialsPlacement::kBody) {
    parameters.emplace_back("client_id", client_id);
    parameters.emplace_back("client_secret", client_secret);
  }
  if (!options.token_type.empty()) parameters.emplace_back("token_type", options.token_type);
  if (!options.scope.empty()) parameters.emplace_back("scope", options.scope);
  parameters.insert(parameters.end(), options.extra.begin(), options.extra.end());
  return parameters;
}

void AppendFormText(std::string& form, absl::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '*') {
      form.push_back(c);
    } else if (c == ' ') {
      form.push_back('+');
    } else {
      form.push_back('%');
      form.push_back(kHex[byte >> 4]);
      form.push_back(kHex[byte & 0xf]);
    }
  }
}

// application/x-www-form-urlencoded (WHATWG URL, section 5.2).
std::string FormOf(const Parameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    if (!form.empty()) form.push_back('&');
    AppendFormText(form, name);
    form.push_back('=');
    AppendFormText(form, value);
  }
  return form;
}

std::string JsonOf(const Parameters& parameters) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : parameters) object[name] = value;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

errors::ProviderFailure Failed(v1::ErrorReason reason, std::string message) {
  errors::ProviderFailure failure;
  failure.reason = reason;
  failure.message = std::move(message);
  return failure;
}

// Why no complete answer came.
errors::ProviderFailure ReadFailure(const http::Exchange& exchange) {
  const std::string what =
      absl::StrCat("the token request failed: ", http::FailureName(exchange.failure));
  switch (exchange.failure) {
    case http::Failure::kTooLarge:
    case http::Failure::kBadEncoding:
    case http::Failure::kProtocol:
      return Failed(v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID, what);
    default:
      return Failed(v1::ERROR_REASON_PROVIDER_UNAVAILABLE, what);
  }
}

bool IsOneOf(absl::string_view word, std::initializer_list<absl::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

absl::Status Decode(http::Response& response, TokenReply* reply) {
  codec::DecodeOptions options;
  options.max_bytes = kMaxReplyBytes;
  options.max_depth = kMaxReplyDepth;
  return codec::Decode(response.header("Content-Type"), std::move(response.body), options, reply);
}

// The error code of RFC 6749, section 5.2, and of its extensions; empty for any other text.
std::string OAuthErrorOf(http::Response& response) {
  TokenReply reply;
  if (!Decode(response, &reply).ok()) return "";
  const bool registered =
      IsOneOf(reply.error(), {"invalid_request", "invalid_client", "invalid_grant",
                              "unauthorized_client", "unsupported_grant_type", "invalid_scope",
                              "access_denied", "server_error", "temporarily_unavailable"});
  return registered ? reply.error() : "";
}

// What an answer other than 2xx means.
errors::ProviderFailure ReadRefusal(const OAuth2ClientOptions& options, http::Response& response,
                                    absl::Time wall_now) {
  const int status = response.status;
  errors::ProviderFailure failure;
  if (status < kBadRequest) {
    failure = Failed(v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
                     "the token endpoint answered with a redirect, which is not followed");
  } else if (status == kTooManyRequests ||
             (status == kForbidden && options.forbidden_is_rate_limit)) {
    failure = Failed(v1::ERROR_REASON_PROVIDER_RATE_LIMITED,
                     "the token endpoint limits the rate of requests");
    // As a 429 is read, which such a 403 stands for.
    response.status = kTooManyRequests;
    failure.retry_after = http::RetryAfterFrom(response, wall_now);
  } else if (status >= 500 || status == kRequestTimeout) {
    failure.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
    failure.retry_after = http::RetryAfterFrom(response, wall_now);
  } else {
    failure = Failed(v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID,
                     "the token endpoint refused the client's credentials");
    failure.provider_code = OAuthErrorOf(response);
    if (IsOneOf(failure.provider_code, {"server_error", "temporarily_unavailable"})) {
      failure.reason = v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
    }
  }
  if (failure.reason == v1::ERROR_REASON_PROVIDER_UNAVAILABLE) {
    // Without a provider_status: of a write, that would say that it was sent, and that a gateway
    // may have lost sight of it.
    failure.message = absl::StrCat("the token endpoint is not available: HTTP ", status);
  } else {
    failure.provider_status = absl::StrCat(status);
  }
  return failure;
}

absl::Duration LifeOf(const OAuth2ClientOptions& options, const TokenReply& reply,
                      absl::Time wall_now) {
  const double most = absl::ToDoubleSeconds(options.max_life);
  double number = 0;
  if (absl::SimpleAtod(reply.expires_in(), &number) && std::isfinite(number)) {
    return absl::Seconds(std::clamp(number, 0.0, most));
  }
  if (absl::SimpleAtod(reply.expires_at(), &number) && std::isfinite(number)) {
    const double left = number / 1000 - absl::ToDoubleSeconds(wall_now - absl::UnixEpoch());
    return absl::Seconds(std::clamp(left, 0.0, most));
  }
  return std::min(options.default_life, options.max_life);
}

// The word before the token; none where the reply names a kind of token that edugate can't send.
std::optional<std::string> SchemeOf(const OAuth2ClientOptions& options, const TokenReply& reply) {
  if (!options.header_scheme.empty()) return options.header_scheme;
  if (absl::EqualsIgnoreCase(reply.token_type(), "jwt")) return "JWT";
  if (reply.token_type().empty() || absl::EqualsIgnoreCase(reply.token_type(), "bearer")) {
    return "Bearer";
  }
  return std::nullopt;
}

absl::Status CheckUrl(absl::string_view url) {
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, "https://") && !absl::ConsumePrefix(&rest, "http://")) {
    return absl::InvalidArgumentError("needs to begin with https://");
  }
  const absl::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty()) return absl::InvalidArgumentError("has no host");
  if (absl::StrContains(host, '@')) {
    return absl::InvalidArgumentError("must not hold a user or a password");
  }
  if (absl::StrContains(url, '#')) return absl::InvalidArgumentError("must not have a fragment");
  if (!CheckToken(url).ok()) {
    return absl::InvalidArgumentError("has a character that is not percent-encoded");
  }
  return absl::OkStatus();
}

absl::Status CheckExtra(const OAuth2ClientOptions& options) {
  for (const auto& [name, value] : options.extra) {
    const bool form_sets = options.request_body == TokenRequestBody::kForm && name == "grant_type";
    if (form_sets || IsOneOf(name, {"client_id", "client_secret", "token_type", "scope"})) {
      return absl::InvalidArgumentError(absl::StrCat("must not set ", name));
    }
  }
  return absl::OkStatus();
}

}  // namespace

http::Request MakeTokenRequest(const OAuth2ClientOptions& options, absl::string_view client_id,
                               absl::string_view client_secret) {
  const bool json = options.request_body == TokenRequestBody::kJson;
  const Parameters parameters = ParametersOf(options, client_id, client_secret);
  http::Request request;
  request.method = "POST";
  request.url = options.token_url;
  request.headers.push_back(
      {"Content-Type", json ? "application/json" : "application/x-www-form-urlencoded"});
  request.headers.push_back({"Accept", "application/json"});
  if (options.credentials_in == CredentialsPlacement::kBasicHeader) {
    // As they are: RFC 6749, section 2.3.1, form-encodes both first, but the providers don't decode
    // them.
    request.SetHeader("Authorization", BasicCredentials(client_id, client_secret));
  }
  request.body = json ? JsonOf(parameters) : FormOf(parameters);
  request.has_body = true;
  request.max_response_bytes = kMaxReplyBytes;
  // A second token does no harm.
  request.replayable = true;
  return request;
}

FetchResult ReadTokenAnswer(const OAuth2ClientOptions& options, http::Exchange exchange,
                            absl::Time wall_now) {
  if (!exchange.ok()) return ReadFailure(exchange);
  http::Response& response = exchange.response;
  if (response.status < 200 || response.status > 299) {
    return ReadRefusal(options, response, wall_now);
  }
  auto unusable = [&response](absl::string_view why) {
    errors::ProviderFailure failure =
        Failed(v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
               absl::StrCat("the token endpoint's reply can't be used: ", why));
    failure.provider_status = absl::StrCat(response.status);
    return failure;
  };
  TokenReply reply;
  if (!Decode(response, &reply).ok()) return unusable("it is not a JSON object");
  if (reply.access_token().empty()) return unusable("it has no access_token");
  if (!CheckToken(reply.access_token()).ok()) {
    return unusable("its access_token can't stand in a header");
  }
  const std::optional<std::string> scheme = SchemeOf(options, reply);
  if (!scheme.has_value()) return unusable("its token_type is neither bearer nor JWT");
  return Token{config::Secret(absl::StrCat(*scheme, " ", reply.access_token())),
               LifeOf(options, reply, wall_now)};
}

absl::StatusOr<std::shared_ptr<TokenFetcher>> TokenEndpoint::Make(OAuth2ClientOptions options,
                                                                  http::HttpClient* http,
                                                                  const async::Clock* clock) {
  absl::Status checked = NamePart("token_url", CheckUrl(options.token_url));
  checked.Update(NamePart("extra", CheckExtra(options)));
  if (!options.header_scheme.empty()) {
    checked.Update(NamePart("header_scheme", CheckToken(options.header_scheme)));
  }
  if (!checked.ok()) return checked;
  const bool basic = options.credentials_in == CredentialsPlacement::kBasicHeader;
  auto id = OpenSecret("client_id", options.client_id, basic ? CheckBasicUser : CheckBasicPassword,
                       clock);
  if (!id.ok()) return id.status();
  auto secret = OpenSecret("client_secret", options.client_secret, CheckBasicPassword, clock);
  if (!secret.ok()) return secret.status();
  return std::shared_ptr<TokenFetcher>(
      new TokenEndpoint(std::move(options), *std::move(id), *std::move(secret), http, clock));
}

TokenEndpoint::TokenEndpoint(OAuth2ClientOptions options,
                             std::unique_ptr<config::RotatingSecret> client_id,
                             std::unique_ptr<config::RotatingSecret> client_secret,
                             http::HttpClient* http, const async::Clock* clock)
    : options_(std::move(options)),
      client_id_(std::move(client_id)),
      client_secret_(std::move(client_secret)),
      http_(http),
      clock_(clock) {}

async::Task<FetchResult> TokenEndpoint::Fetch(async::CallContext& call) {
  const http::Request request =
      MakeTokenRequest(options_, client_id_->Get()->Reveal(), client_secret_->Get()->Reveal());
  http::Exchange exchange = co_await http_->Send(call, request);
  FetchResult result = ReadTokenAnswer(options_, std::move(exchange), clock_->WallNow());
  co_return result;
}

}  // namespace edugate::auth
