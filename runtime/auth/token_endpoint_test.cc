#include "runtime/auth/token_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/auth/credential_header.h"
#include "runtime/http/fake_http_client.h"

namespace edugate::auth {
namespace {

using config::SecretSource;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "s3cr3t-canary";

// 2026-01-01 00:00:00 UTC.
const absl::Time kNow = absl::FromUnixSeconds(1767225600);

OAuth2ClientOptions Options() {
  return OAuth2ClientOptions{.token_url = "https://api.example.org/oauth2/token",
                             .client_id = SecretSource::Value("id"),
                             .client_secret = SecretSource::Value("se&cret")};
}

// The token, or the reason.
std::string Read(const OAuth2ClientOptions& options, http::Exchange exchange) {
  FetchResult result = ReadTokenAnswer(options, std::move(exchange), kNow);
  if (auto* token = std::get_if<Token>(&result)) return std::string(token->authorization.Reveal());
  return errors::ReasonName(std::get<errors::ProviderFailure>(result).reason);
}

absl::Duration LifeIn(const std::string& fields) {
  FetchResult result =
      ReadTokenAnswer(Options(), http::Answer(200, R"({"access_token":"t",)" + fields + "}"), kNow);
  const auto* token = std::get_if<Token>(&result);
  return token == nullptr ? -absl::Seconds(1) : token->life;
}

errors::ProviderFailure FailureOf(const OAuth2ClientOptions& options, http::Exchange exchange) {
  FetchResult result = ReadTokenAnswer(options, std::move(exchange), kNow);
  const auto* failure = std::get_if<errors::ProviderFailure>(&result);
  EXPECT_NE(failure, nullptr);
  return failure == nullptr ? errors::ProviderFailure() : *failure;
}

TEST(MakeTokenRequestTest, SendsAFormWithTheCredentialsInIt) {
  OAuth2ClientOptions options = Options();
  options.token_type = "jwt";
  options.scope = "read write";
  options.extra = {{"audience", "a b/\xc3\xa4"}};
  const http::Request request = MakeTokenRequest(options, "id", "se&cret=");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.example.org/oauth2/token");
  EXPECT_EQ(HeaderOf(request, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(HeaderOf(request, "Authorization"), "");
  EXPECT_TRUE(request.has_body);
  EXPECT_TRUE(request.replayable);
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&client_id=id&client_secret=se%26cret%3D&token_type=jwt"
            "&scope=read+write&audience=a+b%2F%C3%A4");
}

TEST(MakeTokenRequestTest, SendsAFormWithTheCredentialsInTheHeader) {
  OAuth2ClientOptions options = Options();
  options.credentials_in = CredentialsPlacement::kBasicHeader;
  const http::Request request = MakeTokenRequest(options, "Aladdin", "open sesame");
  EXPECT_EQ(HeaderOf(request, "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(request.body, "grant_type=client_credentials");
}

TEST(MakeTokenRequestTest, SendsAnEmptyObjectAsMeasureOneWantsIt) {
  OAuth2ClientOptions options = Options();
  options.credentials_in = CredentialsPlacement::kBasicHeader;
  options.request_body = TokenRequestBody::kJson;
  const http::Request request = MakeTokenRequest(options, "Aladdin", "open sesame");
  EXPECT_EQ(HeaderOf(request, "Content-Type"), "application/json");
  EXPECT_EQ(HeaderOf(request, "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(request.body, "{}");
}

TEST(MakeTokenRequestTest, SendsAnObjectWithTheCredentialsInIt) {
  OAuth2ClientOptions options = Options();
  options.request_body = TokenRequestBody::kJson;
  options.extra = {{"grant_type", "client_credentials"}};
  EXPECT_EQ(MakeTokenRequest(options, "id", "a\"b").body,
            R"({"client_id":"id","client_secret":"a\"b","grant_type":"client_credentials"})");
}

TEST(ReadTokenAnswerTest, TheRepliesTokenTypeDecidesTheScheme) {
  const OAuth2ClientOptions options = Options();
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t","token_type":"JWT"})")),
            "JWT t");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t","token_type":"jwt"})")),
            "JWT t");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t","token_type":"bearer"})")),
            "Bearer t");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t"})")), "Bearer t");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t","token_type":"mac"})")),
            "PROVIDER_RESPONSE_INVALID");
}

TEST(ReadTokenAnswerTest, AConfiguredSchemeWins) {
  OAuth2ClientOptions options = Options();
  options.header_scheme = "JWT";
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"t","token_type":"Bearer"})")),
            "JWT t");
}

TEST(ReadTokenAnswerTest, ReadsTheProvidersOwnReplies) {
  const OAuth2ClientOptions options = Options();
  // edX, OpenApply, MeasureOne.
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"e.e.e","expires_in":"180",
      "token_type":"JWT","scope":"read write profile email"})")),
            "JWT e.e.e");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"o","token_type":"Bearer",
      "expires_in":2629745,"created_at":1588183754})")),
            "Bearer o");
  EXPECT_EQ(Read(options, http::Answer(200, R"({"access_token":"m","token_type":"bearer",
      "expires_in":899,"expires_at":1681191048000})")),
            "Bearer m");
}

TEST(ReadTokenAnswerTest, TheLifeIsReadFromNumbersAndTextAndBounded) {
  EXPECT_EQ(LifeIn(R"("expires_in":899)"), absl::Seconds(899));
  EXPECT_EQ(LifeIn(R"("expires_in":"180")"), absl::Seconds(180));
  EXPECT_EQ(LifeIn(R"("expires_in":59.5)"), absl::Seconds(59.5));
  EXPECT_EQ(LifeIn(R"("expires_in":0)"), absl::ZeroDuration());
  EXPECT_EQ(LifeIn(R"("expires_in":-5)"), absl::ZeroDuration());
  EXPECT_EQ(LifeIn(R"("expires_in":2629745)"), absl::Hours(24));
  EXPECT_EQ(LifeIn(R"("expires_in":1e18)"), absl::Hours(24));
  EXPECT_EQ(LifeIn(R"("expires_in":1e999)"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("expires_in":"1000000000000000000000000")"), absl::Hours(24));
  EXPECT_EQ(LifeIn(R"("expires_in":"soon")"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("expires_in":"inf")"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("expires_in":"nan")"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("expires_in":null)"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("expires_in":{"s":1})"), absl::Minutes(5));
  EXPECT_EQ(LifeIn(R"("scope":"")"), absl::Minutes(5));
}

TEST(ReadTokenAnswerTest, TheLifesBoundAndItsDefaultAreOptions) {
  OAuth2ClientOptions options = Options();
  options.max_life = absl::Hours(1);
  options.default_life = absl::Minutes(10);
  const auto life_of = [&options](const std::string& reply) {
    return std::get<Token>(ReadTokenAnswer(options, http::Answer(200, reply), kNow)).life;
  };
  EXPECT_EQ(life_of(R"({"access_token":"t","expires_in":7200})"), absl::Hours(1));
  EXPECT_EQ(life_of(R"({"access_token":"t","expires_at":1767312000000})"), absl::Hours(1));
  EXPECT_EQ(life_of(R"({"access_token":"t"})"), absl::Minutes(10));
}

TEST(ReadTokenAnswerTest, TheEndOfLifeCountsWhereTheSecondsAreMissing) {
  EXPECT_EQ(LifeIn(R"("expires_at":1767225660000)"), absl::Seconds(60));
  EXPECT_EQ(LifeIn(R"("expires_at":1681191048000)"), absl::ZeroDuration());
  EXPECT_EQ(LifeIn(R"("expires_in":899,"expires_at":1767225660000)"), absl::Seconds(899));
  EXPECT_EQ(LifeIn(R"("expires_in":"?","expires_at":1767225660000)"), absl::Seconds(60));
}

TEST(ReadTokenAnswerTest, ARefusalIsOurCredentialsAndNamesTheRegisteredCode) {
  for (int status : {400, 401, 403, 404, 405}) {
    const auto failure =
        FailureOf(Options(), http::Answer(status, R"({"error":"invalid_client"})"));
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID) << status;
    EXPECT_EQ(errors::FromProvider(failure, {}).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(failure.provider_status, absl::StrCat(status));
    EXPECT_EQ(failure.provider_code, "invalid_client");
  }
  EXPECT_EQ(FailureOf(Options(), http::Answer(400, R"({"error":"s3cr3t"})")).provider_code, "");
  EXPECT_EQ(FailureOf(Options(), http::Answer(400, "<html>", "text/html")).reason,
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  EXPECT_EQ(Read(Options(), http::Answer(400, R"({"error":"temporarily_unavailable"})")),
            "PROVIDER_UNAVAILABLE");
}

TEST(ReadTokenAnswerTest, A403IsARateLimitWhereTheProviderSaysSoByIt) {
  OAuth2ClientOptions options = Options();
  options.forbidden_is_rate_limit = true;
  EXPECT_EQ(Read(options, http::Answer(403, "")), "PROVIDER_RATE_LIMITED");
  http::Exchange limited = http::Answer(403, "");
  limited.response.headers.push_back({"X-RateLimit-Reset", "38"});
  const auto failure = FailureOf(options, std::move(limited));
  EXPECT_EQ(failure.retry_after, absl::Seconds(38));
  EXPECT_EQ(failure.provider_status, "403");
  EXPECT_EQ(Read(options, http::Answer(401, "")), "PROVIDER_CREDENTIALS_INVALID");
}

TEST(ReadTokenAnswerTest, A429SaysWhenToTryAgain) {
  auto retry_after = [](std::string value) {
    http::Exchange exchange = http::Answer(429, "");
    if (!value.empty()) exchange.response.headers.push_back({"Retry-After", std::move(value)});
    const auto failure = FailureOf(Options(), std::move(exchange));
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_RATE_LIMITED);
    return failure.retry_after;
  };
  EXPECT_EQ(retry_after("120"), absl::Minutes(2));
  EXPECT_EQ(retry_after("Thu, 01 Jan 2026 00:01:00 GMT"), absl::Minutes(1));
  EXPECT_EQ(retry_after("-1"), std::nullopt);  // no delay by RFC 9110
  EXPECT_EQ(retry_after("99999999999"), absl::Hours(1));
  EXPECT_EQ(retry_after("soon"), std::nullopt);
  EXPECT_EQ(retry_after(""), std::nullopt);
}

TEST(ReadTokenAnswerTest, AnEndpointThatIsDownIsUnavailable) {
  for (int status : {408, 500, 502, 503, 504}) {
    const auto failure = FailureOf(Options(), http::Answer(status, "<html>", "text/html"));
    EXPECT_EQ(failure.reason, v1::ERROR_REASON_PROVIDER_UNAVAILABLE) << status;
    EXPECT_THAT(failure.message, HasSubstr(absl::StrCat(status)));
    // The call itself has no answer: it was not sent.
    EXPECT_EQ(failure.provider_status, "") << status;
  }
  for (http::Failure failure :
       {http::Failure::kResolve, http::Failure::kConnect, http::Failure::kTls,
        http::Failure::kTimeout, http::Failure::kReset, http::Failure::kTruncated,
        http::Failure::kDeadline, http::Failure::kCancelled, http::Failure::kLocal}) {
    EXPECT_EQ(Read(Options(), http::NoAnswer(failure, true)), "PROVIDER_UNAVAILABLE")
        << http::FailureName(failure);
  }
}

TEST(ReadTokenAnswerTest, AReplyThatCantBeUsedIsInvalid) {
  const OAuth2ClientOptions options = Options();
  for (http::Exchange exchange :
       {http::Answer(200, "<html><body>Login</body></html>", "text/html"), http::Answer(200, ""),
        http::Answer(200, "null"), http::Answer(200, "[]"), http::Answer(200, "{}"),
        http::Answer(200, R"({"access_token":"t")"), http::Answer(200, R"({"access_token":""})"),
        http::Answer(200, R"({"access_token":"t\r\nX-Injected: 1"})"),
        http::Answer(200, R"({"access_token":"t\u0000"})"),
        http::Answer(200, R"({"access_token":"a b"})"),
        http::Answer(200, absl::StrCat(R"({"access_token":")", std::string(20'000, 't'), R"("})")),
        http::Answer(204, ""), http::Answer(302, ""),
        http::NoAnswer(http::Failure::kTooLarge, true),
        http::NoAnswer(http::Failure::kProtocol, true)}) {
    const std::string body = exchange.response.body.substr(0, 100);
    EXPECT_EQ(Read(options, std::move(exchange)), "PROVIDER_RESPONSE_INVALID") << body;
  }
}

TEST(ReadTokenAnswerTest, NoFailureShowsAPieceOfTheReply) {
  for (int status : {200, 302, 400, 401, 403, 429, 500}) {
    for (const char* body :
         {"s3cr3t-canary", R"({"s3cr3t-canary":1})", R"({"error":"s3cr3t-canary"})",
          R"({"error_description":"s3cr3t-canary"})",
          R"({"access_token":"s3cr3t-canary","token_type":"s3cr3t-canary"})",
          R"({"access_token":"s3cr3t-canary\n"})", R"({"access_token":"s3cr3t-canary)"}) {
      http::Exchange exchange = http::Answer(status, body);
      exchange.response.headers.push_back({"Retry-After", kCanary});
      const auto failure = FailureOf(Options(), std::move(exchange));
      const absl::Status error = errors::FromProvider(failure, {});
      EXPECT_THAT(error.ToString(), Not(HasSubstr("s3cr3t"))) << status << " " << body;
      EXPECT_THAT(errors::ToRpcStatus(error).ShortDebugString(), Not(HasSubstr("s3cr3t")));
    }
  }
}

TEST(TokenEndpointTest, WhatCantBeSentIsRefusedAtTheStart) {
  auto making = [](OAuth2ClientOptions options) {
    const absl::Status status =
        TokenEndpoint::Make(std::move(options), nullptr, &async::SystemClock()).status();
    EXPECT_THAT(status.ToString(), Not(HasSubstr("s3cr3t")));
    return std::string(status.message());
  };
  EXPECT_EQ(making(Options()), "");
  for (const char* url :
       {"", "ftp://x/", "api.example.org/token", "https://", "https:///token",
        "https://user:s3cr3t@x/", "https://x/a b", "https://x/\r\n", "https://x/#f"}) {
    OAuth2ClientOptions options = Options();
    options.token_url = url;
    EXPECT_THAT(making(options), testing::StartsWith("token_url: ")) << url;
  }
  OAuth2ClientOptions options = Options();
  options.client_id = SecretSource::Value("s3cr3t\n");
  EXPECT_THAT(making(options), testing::StartsWith("client_id: "));
  options = Options();
  options.client_secret = SecretSource::Value("");
  EXPECT_THAT(making(options), testing::StartsWith("client_secret: "));
  options = Options();
  options.header_scheme = "Bearer ";
  EXPECT_THAT(making(options), testing::StartsWith("header_scheme: "));
  options = Options();
  options.extra = {{"client_secret", kCanary}};
  EXPECT_EQ(making(options), "extra: must not set client_secret");
  options = Options();
  options.client_id = SecretSource::Value("a:b");
  EXPECT_EQ(making(options), "");
  options.credentials_in = CredentialsPlacement::kBasicHeader;
  EXPECT_THAT(making(options), testing::StartsWith("client_id: "));
}

}  // namespace
}  // namespace edugate::auth
