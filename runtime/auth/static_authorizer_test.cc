#include "runtime/auth/static_authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/async/test_loop.h"
#include "runtime/auth/credential_header.h"

namespace edugate::auth {
namespace {

using config::SecretSource;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "s3cr3t-canary";

class StaticAuthorizerTest : public testing::Test {
 protected:
  std::unique_ptr<Authorizer> Make(
      std::variant<BearerOptions, ApiKeyOptions, BasicOptions, OAuth2ClientOptions> scheme) {
    auto made = MakeAuthorizer({std::move(scheme), {}}, nullptr, &loop_.fake_clock());
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }

  absl::Status MakingFails(
      std::variant<BearerOptions, ApiKeyOptions, BasicOptions, OAuth2ClientOptions> scheme) {
    return MakeAuthorizer({std::move(scheme), {}}, nullptr, &loop_.fake_clock()).status();
  }

  http::Request Authorized(Authorizer& authorizer) {
    http::Request request;
    Authorize(authorizer, request);
    return request;
  }

  void Authorize(Authorizer& authorizer, http::Request& request) {
    async::CallContext call(loop_, async::kNever);
    const absl::Status status = loop_.RunToCompletion(authorizer.Authorize(call, request));
    EXPECT_TRUE(status.ok()) << status;
  }

  // Replaces the secret's file.
  SecretSource WriteSecret(const std::string& content) {
    const std::string path = testing::TempDir() + "static_authorizer_test";
    std::ofstream(path + ".new", std::ios::binary) << content;
    std::filesystem::rename(path + ".new", path);
    return SecretSource::File(path);
  }

  async::TestLoop loop_;
};

TEST_F(StaticAuthorizerTest, SendsABearerToken) {
  auto authorizer = Make(BearerOptions{SecretSource::Value("abc")});
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"), "Bearer abc");
}

TEST_F(StaticAuthorizerTest, SendsAKeyInTheHeaderThatIsNamed) {
  auto by_default = Make(ApiKeyOptions{SecretSource::Value("k")});
  const http::Request request = Authorized(*by_default);
  ASSERT_EQ(request.headers.size(), 1);
  EXPECT_EQ(request.headers[0].name, "api_key");
  EXPECT_EQ(request.headers[0].value, "k");
  auto named = Make(ApiKeyOptions{SecretSource::Value("k"), "X-Api-Key"});
  EXPECT_EQ(HeaderOf(Authorized(*named), "X-Api-Key"), "k");
}

TEST_F(StaticAuthorizerTest, SendsAUserAndAPassword) {
  auto authorizer =
      Make(BasicOptions{SecretSource::Value("Aladdin"), SecretSource::Value("open sesame")});
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(StaticAuthorizerTest, ReplacesACredentialThatTheRequestHas) {
  auto authorizer = Make(BearerOptions{SecretSource::Value("mine")});
  http::Request request;
  request.headers = {{"authorization", "Bearer callers"}};
  Authorize(*authorizer, request);
  ASSERT_EQ(request.headers.size(), 1);
  EXPECT_EQ(request.headers[0].value, "Bearer mine");
}

TEST_F(StaticAuthorizerTest, FollowsTheFileOfTheSecret) {
  auto authorizer = Make(BearerOptions{WriteSecret("one\n")});
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"), "Bearer one");
  WriteSecret("two\n");
  loop_.fake_clock().Advance(absl::Seconds(1));
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"), "Bearer two");
  WriteSecret("three\r\nX-Injected: 1");
  loop_.fake_clock().Advance(absl::Seconds(1));
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"), "Bearer two");
}

TEST_F(StaticAuthorizerTest, AnotherAttemptDoesBetterOnlyIfTheFileHasChanged) {
  auto authorizer = Make(BearerOptions{WriteSecret("one")});
  const http::Request request = Authorized(*authorizer);
  EXPECT_FALSE(authorizer->OnRefused(request));
  WriteSecret("two");
  EXPECT_TRUE(authorizer->OnRefused(request));
  EXPECT_EQ(HeaderOf(Authorized(*authorizer), "Authorization"), "Bearer two");
  EXPECT_FALSE(authorizer->OnRefused(http::Request()));
}

TEST_F(StaticAuthorizerTest, RefusesAtTheStartWhatCantBeSentAndShowsNothingOfIt) {
  const std::string injected = std::string(kCanary) + "\r\nX-Injected: 1";
  const struct {
    absl::Status status;
    absl::string_view part;
  } cases[] = {
      {MakingFails(BearerOptions{SecretSource::Value(injected)}), "token: "},
      {MakingFails(ApiKeyOptions{SecretSource::Value(injected)}), "key: "},
      {MakingFails(ApiKeyOptions{SecretSource::Value(kCanary), "Host"}), "header: "},
      {MakingFails(ApiKeyOptions{SecretSource::Value(kCanary), "a: b"}), "header: "},
      {MakingFails(BasicOptions{SecretSource::Value(std::string(kCanary) + ":x"),
                                SecretSource::Value(kCanary)}),
       "username: "},
      {MakingFails(BasicOptions{SecretSource::Value("u"), SecretSource::Value(injected)}),
       "password: "},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(each.status.code(), absl::StatusCode::kInvalidArgument) << each.part;
    EXPECT_THAT(std::string(each.status.message()), testing::StartsWith(std::string(each.part)));
    EXPECT_THAT(each.status.ToString(), Not(HasSubstr("s3cr3t")));
  }
  EXPECT_EQ(MakingFails(BearerOptions{SecretSource::File("/nonexistent/s3cr3t")}),
            absl::NotFoundError("token: there is no such file"));
}

}  // namespace
}  // namespace edugate::auth
