// The adapter against the simulated provider, over real HTTP.
#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_adapter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/clock.h"
#include "runtime/auth/factory.h"
#include "runtime/errors/errors.h"
#include "runtime/http/curl_http_client.h"
#include "sandbox/sandbox.h"

namespace edugate::adapters {
namespace {

constexpr char kDocumented[] = "trc_TSEne2SSjP3GvpVrs5HLol4xor2";

class Files final : public UploadReader {
 public:
  void Add(const std::string& name, const std::string& content) {
    constexpr size_t kChunkBytes = 1 << 20;
    v1::UploadTranscriptFilesRequest header;
    header.mutable_header()->set_file_name(name);
    header.mutable_header()->set_media_type("text/plain");
    messages_.push_back(std::move(header));
    for (size_t at = 0; at < content.size(); at += kChunkBytes) {
      v1::UploadTranscriptFilesRequest chunk;
      chunk.set_chunk(content.substr(at, kChunkBytes));
      messages_.push_back(std::move(chunk));
    }
  }

  async::Task<absl::StatusOr<std::optional<v1::UploadTranscriptFilesRequest>>> Read(
      async::CallContext&) override {
    std::optional<v1::UploadTranscriptFilesRequest> next;
    if (!messages_.empty()) {
      next = std::move(messages_.front());
      messages_.pop_front();
    }
    co_return next;
  }

 private:
  std::deque<v1::UploadTranscriptFilesRequest> messages_;
};

class Bytes final : public DownloadWriter {
 public:
  async::Task<absl::Status> Begin(async::CallContext&, std::optional<int64_t> size_bytes) override {
    announced = size_bytes;
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> Write(async::CallContext&, std::string chunk) override {
    bytes += chunk;
    co_return absl::OkStatus();
  }

  std::optional<int64_t> announced;
  std::string bytes;
};

class MeasureOneSandboxTest : public ::testing::Test {
 protected:
  MeasureOneSandboxTest() : sandbox_(*sandbox::Sandbox::Start({})) {
    sandbox::ProviderSettings settings;
    settings.processing_time = absl::Milliseconds(100);
    EXPECT_TRUE(sandbox_->SetSettings("measureone", settings).ok());
    http_.emplace(loop_, http::CurlOptions{.allow_loopback = true});
    Use({.scheme = auth::BearerOptions{config::SecretSource::Value(sandbox::kMeasureOneKey)}});
  }

  void Use(auth::AuthOptions options) {
    authorizer_ = *auth::MakeAuthorizer(std::move(options), &*http_, &async::SystemClock());
    rest::ClientParts parts;
    parts.connection = "m1";
    parts.provider = "measureone";
    parts.endpoint.base_url = sandbox_->base_url("measureone");
    parts.http = &*http_;
    parts.authorizer = authorizer_.get();
    parts.classifier = &MeasureOneAdapter::Errors();
    v2_.emplace(parts);
    v3_.emplace(std::move(parts));
    adapter_.emplace(*v2_, *v3_, MeasureOneOptions{.poll_interval = absl::Milliseconds(10)});
    ports_ = adapter_->ports();
  }

  template <typename Argument, typename Result>
  absl::StatusOr<Result> Run(const Port<Argument, Result>& port, const Argument& argument) {
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    return async::BlockOn(loop_, port(call, argument));
  }

  absl::StatusOr<v1::UploadTranscriptFilesResponse> Upload(UploadReader& files) {
    async::CallContext call(loop_, async::kNever);
    return async::BlockOn(loop_, ports_.upload_transcript_files(call, files));
  }

  absl::Status Download(const std::string& id, Bytes& bytes) {
    async::CallContext call(loop_, async::kNever);
    const NameParts name{"m1", {id}};
    return async::BlockOn(loop_, ports_.download_transcript_files(call, name, bytes));
  }

  std::string CreateFrom(const std::string& uri) {
    Routed<v1::CreateTranscriptRequest> routed{{"m1", {}}, {}};
    v1::SourceDocument& document =
        *routed.request.mutable_transcript()->add_sources()->mutable_document();
    document.set_uri(uri);
    document.set_media_type("text/plain");
    const auto created = Run(ports_.create_transcript, routed);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? created->provider_id() : "";
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  async::EventLoop loop_;
  std::optional<http::CurlHttpClient> http_;
  std::unique_ptr<auth::Authorizer> authorizer_;
  std::optional<rest::Client> v2_;
  std::optional<rest::Client> v3_;
  std::optional<MeasureOneAdapter> adapter_;
  Ports ports_;
};

TEST_F(MeasureOneSandboxTest, UploadedFilesComeBackByteForByte) {
  std::string large;
  for (int i = 0; large.size() < (5u << 20); ++i) absl::StrAppend(&large, i, "\r\n--x\r\n");
  Files files;
  files.Add("small.txt", "hello");
  files.Add("large.txt", large);
  const auto uploaded = Upload(files);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  ASSERT_EQ(uploaded->files_size(), 2);
  EXPECT_EQ(uploaded->files(1).file_name(), "large.txt");
  Bytes bytes;
  const absl::Status status = Download(CreateFrom(uploaded->files(1).uri()), bytes);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(bytes.announced, static_cast<int64_t>(bytes.bytes.size()));
  EXPECT_TRUE(absl::StrContains(bytes.bytes, large));
}

TEST_F(MeasureOneSandboxTest, LargeFilesAreNoRepliesThatAreTooLarge) {
  Bytes bytes;
  const absl::Status status = Download("trc_Large-70", bytes);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_GT(bytes.bytes.size(), 70u << 20);
}

TEST_F(MeasureOneSandboxTest, DownloadOfNothingIsAStatus) {
  Bytes bytes;
  EXPECT_TRUE(absl::IsNotFound(Download("trc_none", bytes)));
  EXPECT_FALSE(bytes.announced.has_value());
}

TEST_F(MeasureOneSandboxTest, CutDownloadIsNoSuccess) {
  sandbox_->AddFault({.path_contains = "/get_files", .drop = sandbox::Drop::kMidBody});
  Bytes bytes;
  EXPECT_FALSE(Download(kDocumented, bytes).ok());
}

TEST_F(MeasureOneSandboxTest, DigestIsScored) {
  Routed<v1::CreateTranscriptRequest> routed{{"m1", {}}, {}};
  v1::TranscriptDigest& digest =
      *routed.request.mutable_transcript()->add_sources()->mutable_digest();
  digest.set_award_type(v1::AWARD_TYPE_BACHELOR);
  digest.mutable_years_in_school()->set_value("2");
  digest.set_min_grade("D");
  digest.mutable_cumulative_gpa()->set_value("3.3");
  digest.mutable_last_term_gpa()->set_value("3.5");
  digest.mutable_credits_earned()->set_value("65");
  const auto created = Run(ports_.create_transcript, routed);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->state(), v1::PROCESSING_STATE_COMPLETED);

  Routed<v1::ScoreTranscriptRequest> score{{"m1", {created->provider_id()}}, {}};
  score.request.set_name(created->name());
  score.request.set_kind(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  const auto scored = Run(ports_.score_transcript, score);
  ASSERT_TRUE(scored.ok()) << scored.status();
  EXPECT_EQ(scored->score().value(), "698");
}

TEST_F(MeasureOneSandboxTest, ScoreOfAnUnfinishedTranscriptIsNotReady) {
  Routed<v1::ScoreTranscriptRequest> score{{"m1", {"trc_Stuck2SSjP3GvpVrs5HLol4xor2"}}, {}};
  score.request.set_kind(v1::TRANSCRIPT_SCORE_KIND_GRADUATION);
  EXPECT_EQ(errors::ReasonOf(Run(ports_.score_transcript, score).status()),
            v1::ERROR_REASON_NOT_READY);
  score.name.ids = {"trc_Poor22SSjP3GvpVrs5HLol4xor2"};
  EXPECT_EQ(errors::ReasonOf(Run(ports_.score_transcript, score).status()),
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST_F(MeasureOneSandboxTest, SecondFactorIsBrought) {
  Routed<v1::StartTranscriptAccessRequest> access{{"m1", {}}, {}};
  access.request.set_school("sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz");
  access.request.set_username("u");
  access.request.set_password("p");
  access.request.set_external_id("E");
  const auto session = Run(ports_.start_transcript_access, access);
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(session->state(), v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED);
  const auto name = ParseName("name", Resource::kTranscriptAccessSession, session->name());
  ASSERT_TRUE(name.ok());
  Routed<v1::SubmitTranscriptAccessMfaRequest> code{*name, {}};
  code.request.set_name(session->name());
  code.request.set_mfa_token("00000");
  EXPECT_TRUE(absl::IsInvalidArgument(Run(ports_.submit_transcript_access_mfa, code).status()));
  code.request.set_mfa_token("51622");
  const auto connected = Run(ports_.submit_transcript_access_mfa, code);
  ASSERT_TRUE(connected.ok()) << connected.status();
  EXPECT_EQ(connected->state(), v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
  EXPECT_TRUE(absl::IsNotFound(Run(ports_.submit_transcript_access_mfa, code).status()));
}

TEST_F(MeasureOneSandboxTest, VerificationIsWaitedForWithAnAccessToken) {
  Use({.scheme = auth::OAuth2ClientOptions{
           .token_url = sandbox_->base_url("measureone") + "/v3/auth/generate_access_token",
           .client_id = config::SecretSource::Value(sandbox::kMeasureOneClientId),
           .client_secret = config::SecretSource::Value(sandbox::kMeasureOneClientSecret),
           .credentials_in = auth::CredentialsPlacement::kBasicHeader,
           .request_body = auth::TokenRequestBody::kJson}});
  Routed<v1::VerifyEnrollmentRequest> verify{{"m1", {}}, {}};
  verify.request.set_data_request("dr_progress");
  verify.request.set_wait(true);
  const auto verification = Run(ports_.verify_enrollment, verify);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(verification->result(), v1::VERIFICATION_RESULT_ACTIVE);
  EXPECT_EQ(sandbox_->CountRequests("measureone", "/v3/auth/generate_access_token"), 1);
}

}  // namespace
}  // namespace edugate::adapters
