#include "runtime/auth/oauth2_client_authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/test_loop.h"
#include "runtime/auth/credential_header.h"
#include "runtime/http/fake_http_client.h"

namespace edugate::auth {
namespace {

using config::SecretSource;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUrl[] = "https://api.example.org/oauth2/token";

std::string Reply(absl::string_view token) {
  return absl::StrCat(R"({"access_token":")", token, R"(","token_type":"JWT","expires_in":"180"})");
}

class OAuth2ClientAuthorizerTest : public testing::Test {
 protected:
  std::unique_ptr<Authorizer> Make(SecretSource secret) {
    AuthOptions options{
        OAuth2ClientOptions{.token_url = kUrl,
                            .client_id = SecretSource::Value("id"),
                            .client_secret = std::move(secret)},
        {.connection = "acme", .provider = "edx_enterprise"},
        [this](bool ok, absl::Duration duration) {
          fetches_.push_back(absl::StrCat(ok, " in ", absl::FormatDuration(duration)));
        }};
    auto made = MakeAuthorizer(std::move(options), &http_, &loop_.fake_clock());
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }

  absl::Status Authorize(Authorizer& authorizer, http::Request& request) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(authorizer.Authorize(call, request));
  }

  std::string Credential(Authorizer& authorizer) {
    http::Request request;
    const absl::Status status = Authorize(authorizer, request);
    EXPECT_TRUE(status.ok()) << status;
    return std::string(HeaderOf(request, "Authorization"));
  }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  std::vector<std::string> fetches_;
};

TEST_F(OAuth2ClientAuthorizerTest, FetchesATokenAndKeepsIt) {
  auto authorizer = Make(SecretSource::Value("secret"));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("one")));
  http::Request request;
  request.headers = {{"authorization", "Bearer callers"}};
  ASSERT_TRUE(Authorize(*authorizer, request).ok());
  ASSERT_EQ(request.headers.size(), 1);
  EXPECT_EQ(request.headers[0].value, "JWT one");
  EXPECT_EQ(Credential(*authorizer), "JWT one");
  ASSERT_EQ(http_.requests().size(), 1);
  EXPECT_EQ(http_.requests()[0].body,
            "grant_type=client_credentials&client_id=id&client_secret=secret");
}

TEST_F(OAuth2ClientAuthorizerTest, EachFetchIsToldAndHowLongItTook) {
  auto authorizer = Make(SecretSource::Value("secret"));
  http_.Expect("POST", kUrl, http::Answer(503, "")).delay = absl::Seconds(2);
  http_.Expect("POST", kUrl, http::Answer(200, Reply("one")));
  http::Request request;
  EXPECT_FALSE(Authorize(*authorizer, request).ok());
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(Credential(*authorizer), "JWT one");
  EXPECT_EQ(Credential(*authorizer), "JWT one");
  EXPECT_THAT(fetches_, ::testing::ElementsAre("0 in 2s", "1 in 0"));
}

TEST_F(OAuth2ClientAuthorizerTest, ARefusedTokenIsReplacedOnce) {
  auto authorizer = Make(SecretSource::Value("secret"));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("one")));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("two")));
  http::Request first;
  ASSERT_TRUE(Authorize(*authorizer, first).ok());
  http::Request second = first;
  EXPECT_TRUE(authorizer->OnRefused(first));
  EXPECT_EQ(Credential(*authorizer), "JWT two");
  // The second call's refusal comes late: the new token stays.
  EXPECT_TRUE(authorizer->OnRefused(second));
  EXPECT_EQ(Credential(*authorizer), "JWT two");
  EXPECT_EQ(http_.requests().size(), 2);
  EXPECT_FALSE(authorizer->OnRefused(http::Request()));
}

TEST_F(OAuth2ClientAuthorizerTest, ARotatedClientSecretServesTheNextFetch) {
  const std::string path = testing::TempDir() + "oauth2_client_authorizer_test";
  auto write = [&path](absl::string_view secret) {
    std::ofstream(path + ".new") << secret;
    std::filesystem::rename(path + ".new", path);
  };
  write("before\n");
  auto authorizer = Make(SecretSource::File(path));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("one")));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("two")));
  EXPECT_EQ(Credential(*authorizer), "JWT one");
  write("after\n");
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(Credential(*authorizer), "JWT one");
  loop_.Advance(absl::Seconds(180));
  EXPECT_EQ(Credential(*authorizer), "JWT two");
  ASSERT_EQ(http_.requests().size(), 2);
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("client_secret=before"));
  EXPECT_THAT(http_.requests()[1].body, HasSubstr("client_secret=after"));
}

TEST_F(OAuth2ClientAuthorizerTest, ASlowEndpointEndsAtItsOwnDeadline) {
  auto authorizer = Make(SecretSource::Value("secret"));
  http_.Expect("POST", kUrl, http::Answer(200, Reply("late"))).delay = absl::Hours(1);
  http::Request request;
  const absl::Status status = Authorize(*authorizer, request);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(request.headers.empty());
}

TEST_F(OAuth2ClientAuthorizerTest, AFailureNamesTheConnectionAndNoSecret) {
  auto authorizer = Make(SecretSource::Value("s3cr3t"));
  http_.Expect("POST", kUrl,
               http::Answer(401, R"({"error":"invalid_client","error_description":"s3cr3t"})"));
  http::Request request;
  const absl::Status status = Authorize(*authorizer, request);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  auto metadata = errors::MetadataOf(status);
  EXPECT_EQ(metadata["connection"], "acme");
  EXPECT_EQ(metadata["provider"], "edx_enterprise");
  EXPECT_EQ(metadata["provider_status"], "401");
  EXPECT_EQ(metadata["provider_code"], "invalid_client");
  EXPECT_THAT(errors::ToRpcStatus(status).ShortDebugString(), Not(HasSubstr("s3cr3t")));
  // The next call is answered from memory.
  const absl::Status remembered = Authorize(*authorizer, request);
  EXPECT_EQ(remembered.message(), status.message());
  EXPECT_EQ(errors::MetadataOf(remembered), metadata);
}

}  // namespace
}  // namespace edugate::auth
