#include "adapters/measureone/measureone_adapter.h"

#include <deque>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_files.h"
#include "adapters/testing/adapter_fixture.h"
#include "adapters/testing/whole_page.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/event.h"
#include "runtime/async/sleep.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/http/fake_http_client.h"

namespace edugate::adapters {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kBase[] = "https://api.example.com";
constexpr char kId[] = "trc_TSEne2SSjP3GvpVrs5HLol4xor2";
constexpr char kSession[] = "tls_Cevp4Jw9CIsEeNjpgAAjy2EZt3R";

std::string Example(const std::string& file) {
  std::ifstream stream(EDUGATE_SOURCE_DIR "/adapters/measureone/testdata/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

// Adds no credential.
class NoAuthorizer final : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(async::CallContext&, http::Request&) override {
    co_return absl::OkStatus();
  }
  bool OnRefused(const http::Request&) override { return false; }
};

// An upload's messages, and how it ends.
class ScriptedUpload final : public UploadReader {
 public:
  void Header(const std::string& name, const std::string& media_type) {
    v1::UploadTranscriptFilesRequest message;
    message.mutable_header()->set_file_name(name);
    message.mutable_header()->set_media_type(media_type);
    messages_.push_back(std::move(message));
  }
  void Chunk(std::string bytes) {
    v1::UploadTranscriptFilesRequest message;
    message.set_chunk(std::move(bytes));
    messages_.push_back(std::move(message));
  }
  void EndWith(absl::Status status) { end_ = std::move(status); }
  void NeverEnd() { endless_ = true; }

  async::Task<absl::StatusOr<std::optional<v1::UploadTranscriptFilesRequest>>> Read(
      async::CallContext& call) override {
    if (!messages_.empty()) {
      std::optional<v1::UploadTranscriptFilesRequest> next = std::move(messages_.front());
      messages_.pop_front();
      co_return next;
    }
    if (endless_) {
      async::Event never;
      absl::Status waited = co_await never.Wait(call);
      co_return waited;
    }
    if (!end_.ok()) co_return end_;
    co_return std::optional<v1::UploadTranscriptFilesRequest>();
  }

  size_t left() const { return messages_.size(); }

 private:
  std::deque<v1::UploadTranscriptFilesRequest> messages_;
  absl::Status end_;
  bool endless_ = false;
};

// Takes a download, slowly if asked to, and notes what it got.
class Taken final : public DownloadWriter {
 public:
  explicit Taken(absl::Duration pace = absl::ZeroDuration()) : pace_(pace) {}

  async::Task<absl::Status> Begin(async::CallContext&, std::optional<int64_t> size) override {
    begun = true;
    size_bytes = size;
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> Write(async::CallContext& call, std::string chunk) override {
    absl::Status slept = co_await async::Sleep(call, pace_);
    if (!slept.ok()) co_return slept;
    if (bytes.size() >= fail_after) co_return errors::SlowConsumer();
    largest = std::max(largest, chunk.size());
    bytes += chunk;
    co_return absl::OkStatus();
  }

  bool begun = false;
  std::optional<int64_t> size_bytes;
  std::string bytes;
  size_t largest = 0;
  size_t fail_after = std::string::npos;

 private:
  const absl::Duration pace_;
};

class MeasureOneAdapterTest : public ::testing::Test {
 protected:
  MeasureOneAdapterTest() {
    rest::ClientParts parts = Parts();
    parts.endpoint.headers = {{"version", kMeasureOneV2Version}};
    parts.safeguards = testing::OneAttempt();
    v2_.emplace(parts);
    parts.endpoint.headers = {{"version", kMeasureOneV3Version}};
    v3_.emplace(std::move(parts));
    adapter_.emplace(*v2_, *v3_, MeasureOneOptions{.make_boundary = [] { return "BOUNDARY"; }});
    ports_ = adapter_->ports();
  }

  rest::ClientParts Parts() {
    rest::ClientParts parts;
    parts.connection = "m1";
    parts.provider = "measureone";
    parts.endpoint.base_url = kBase;
    parts.http = &http_;
    parts.authorizer = &authorizer_;
    parts.classifier = &MeasureOneAdapter::Errors();
    return parts;
  }

  // Of a connection that keeps replies for a minute.
  rest::ClientParts PartsThatKeepReplies() {
    rest::ClientParts parts = Parts();
    resilience::SafeguardOptions options;
    options.policy.cache_max_age = absl::Minutes(1);
    parts.safeguards = std::make_shared<resilience::Safeguards>(std::move(options), "m1", nullptr);
    return parts;
  }

  void Expect(const std::string& path, int status, const std::string& body,
              const std::string& content_type = "application/json") {
    http_.Expect("POST", kBase + path, http::Answer(status, body, content_type));
  }

  template <typename Argument, typename Result>
  absl::StatusOr<Result> Run(const Port<Argument, Result>& port, const Argument& argument,
                             absl::Duration deadline = absl::InfiniteDuration()) {
    async::CallContext call(loop_, async::After(loop_.fake_clock().MonotonicNow(), deadline));
    return loop_.RunToCompletion(port(call, argument));
  }

  absl::StatusOr<testing::WholePage<v1::School>> ListSchools(const SchoolQuery& query) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(testing::ReadWholePage(call, ports_.list_schools, query));
  }

  absl::StatusOr<v1::Transcript> Get(v1::TranscriptView view) {
    Routed<v1::GetTranscriptRequest> routed{{"m1", {kId}}, {}};
    routed.request.set_name(absl::StrCat("connections/m1/transcripts/", kId));
    routed.request.set_view(view);
    return Run(ports_.get_transcript, routed);
  }

  absl::StatusOr<v1::TranscriptScore> Score(v1::TranscriptScoreKind kind) {
    Routed<v1::ScoreTranscriptRequest> routed{{"m1", {kId}}, {}};
    routed.request.set_name(absl::StrCat("connections/m1/transcripts/", kId));
    routed.request.set_kind(kind);
    return Run(ports_.score_transcript, routed);
  }

  static Routed<v1::StartTranscriptAccessRequest> Access() {
    Routed<v1::StartTranscriptAccessRequest> routed{{"m1", {}}, {}};
    routed.request.set_school("sch_1");
    routed.request.set_username("canary-user");
    routed.request.set_password("canary-password");
    routed.request.set_external_id("123445");
    return routed;
  }

  absl::StatusOr<v1::EnrollmentVerification> Verify(
      bool wait, absl::Duration deadline = absl::InfiniteDuration()) {
    Routed<v1::VerifyEnrollmentRequest> routed{{"m1", {}}, {}};
    routed.request.set_data_request("dr_1");
    routed.request.set_wait(wait);
    return Run(ports_.verify_enrollment, routed, deadline);
  }

  absl::StatusOr<v1::UploadTranscriptFilesResponse> Upload(UploadReader& reader) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(ports_.upload_transcript_files(call, reader));
  }

  absl::Status Download(DownloadWriter& writer) {
    async::CallContext call(loop_, async::kNever);
    const NameParts name{"m1", {kId}};
    return loop_.RunToCompletion(ports_.download_transcript_files(call, name, writer));
  }

  void ExpectFiles(http::Exchange exchange) {
    http_.Expect("GET", absl::StrCat(kBase, "/v2/transcripts/get_files?transcript_id=", kId),
                 std::move(exchange));
  }

  const http::SeenRequest& last_request() const { return http_.requests().back(); }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  NoAuthorizer authorizer_;
  std::optional<rest::Client> v2_;
  std::optional<rest::Client> v3_;
  std::optional<MeasureOneAdapter> adapter_;
  Ports ports_;
};

TEST_F(MeasureOneAdapterTest, OffersTranscriptsAndVerificationsAndNothingElse) {
  EXPECT_TRUE(ports_.probe && ports_.verify_enrollment && ports_.create_transcript &&
              ports_.get_transcript && ports_.score_transcript && ports_.start_transcript_access &&
              ports_.submit_transcript_access_mfa && ports_.list_schools &&
              ports_.upload_transcript_files && ports_.download_transcript_files &&
              ports_.read_webhook);
  EXPECT_FALSE(ports_.get_enrollment || ports_.list_enrollments || ports_.list_catalogs);
}

TEST_F(MeasureOneAdapterTest, ConnectionIsCheckedByAListOfSchools) {
  Expect("/v2/schools/get", 200, "[]");
  EXPECT_TRUE(Run(ports_.probe, Probe()).ok());
  EXPECT_EQ(last_request().header("version"), "2020011001");
}

TEST_F(MeasureOneAdapterTest, CreatesATranscript) {
  Expect("/v2/transcripts/new", 200, Example("v2_transcripts_new_reply.json"));
  Routed<v1::CreateTranscriptRequest> routed{{"m1", {}}, {}};
  routed.request.mutable_transcript()->set_external_id("ABCDECD");
  v1::SourceDocument& document =
      *routed.request.mutable_transcript()->add_sources()->mutable_document();
  document.set_uri("m1://sdr_1");
  document.set_media_type("application/pdf");
  const auto created = Run(ports_.create_transcript, routed);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->name(), "connections/m1/transcripts/trc_Cevp4Jw9CIsEeNjpgAAjy2EZt3R");
  EXPECT_EQ(created->state(), v1::PROCESSING_STATE_IN_PROGRESS);
  EXPECT_EQ(created->external_id(), "ABCDECD");
  EXPECT_FALSE(last_request().replayable);
}

TEST_F(MeasureOneAdapterTest, ChecksACreationWithoutCalling) {
  Routed<v1::CreateTranscriptRequest> routed{{"m1", {}}, {}};
  routed.request.set_validate_only(true);
  EXPECT_TRUE(absl::IsInvalidArgument(Run(ports_.create_transcript, routed).status()));
  v1::SourceDocument& document =
      *routed.request.mutable_transcript()->add_sources()->mutable_document();
  document.set_uri("https://h/f");
  document.set_media_type("application/pdf");
  document.set_http_method("GET");
  (*document.mutable_http_headers())["authorization"] = "canary";
  const auto checked = Run(ports_.create_transcript, routed);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->ShortDebugString(), Not(HasSubstr("canary")));

  document.Clear();
  document.set_uri("sftp://canary:canary@h/f");
  document.set_media_type("application/pdf");
  const auto with_login = Run(ports_.create_transcript, routed);
  ASSERT_TRUE(with_login.ok()) << with_login.status();
  EXPECT_EQ(with_login->sources(0).document().uri(), "sftp://h/f");
}

TEST_F(MeasureOneAdapterTest, ReadsATranscriptInEachView) {
  Expect("/v2/transcripts/get_by_id", 200, Example("v2_transcripts_get_by_id_reply.json"));
  const auto whole = Get(v1::TRANSCRIPT_VIEW_BASIC);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(whole->school_unit_id(), "151351");
  EXPECT_EQ(whole->record().sessions_size(), 2);
  EXPECT_EQ(whole->record().sessions(1).courses(0).credit().grade(), "A");
  EXPECT_EQ(whole->record().previous_records(0).awards(0).academic_summaries(0).gpa().value(),
            "3.6667");
  EXPECT_EQ(whole->digest().cumulative_gpa().value(), "3.76");
  EXPECT_FALSE(whole->has_provider_record());

  Expect("/v2/transcripts/get_digest_by_id", 200,
         Example("v2_transcripts_get_digest_by_id_reply.json"));
  const auto digest = Get(v1::TRANSCRIPT_VIEW_DIGEST);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_TRUE(digest->has_digest());
  EXPECT_FALSE(digest->has_record());

  Expect("/v2/transcripts/get_enrollment_summary", 200,
         Example("v2_transcripts_get_enrollment_summary_reply.json"));
  const auto summary = Get(v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->enrollment_summary().issue_date().year(), 2016);
  EXPECT_EQ(summary->enrollment_summary().issue_date().day(), 13);
  EXPECT_EQ(summary->state(), v1::PROCESSING_STATE_COMPLETED);
}

TEST_F(MeasureOneAdapterTest, WholeRecordDoesNotComeWithADigestOrASummary) {
  const std::string reply = absl::StrCat(
      R"({"id":")", kId,
      R"(","source_data":[{"referrer":"USER","source_data_type":"M1_TRANSCRIPT",)",
      R"("source_data_value":{"student":{"ssn":"canary"},"academic_sessions":[{"courses":[{)",
      R"("name":"canary"}]}]}}],"raw":{"student_id":"canary"},"digest":{"min_grade":"D"},)",
      R"("enrollment_summary":{"student_id":"1"},"processing_status":"COMPLETED"})");
  Expect("/v2/transcripts/get_digest_by_id", 200, reply);
  const auto digest = Get(v1::TRANSCRIPT_VIEW_DIGEST);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_THAT(digest->DebugString(), Not(HasSubstr("canary")));
  EXPECT_EQ(digest->digest().min_grade(), "D");
  ASSERT_EQ(digest->sources_size(), 1);
  EXPECT_EQ(digest->sources(0).provider_type(), "M1_TRANSCRIPT");

  Expect("/v2/transcripts/get_enrollment_summary", 200, reply);
  const auto summary = Get(v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(summary->DebugString(), Not(HasSubstr("canary")));
  EXPECT_EQ(summary->enrollment_summary().student_number(), "1");

  Expect("/v2/transcripts/get_by_id", 200, reply);
  const auto whole = Get(v1::TRANSCRIPT_VIEW_BASIC);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->sources(0).record().student().national_id(), "canary");
  EXPECT_EQ(whole->record().student_number(), "canary");
}

TEST_F(MeasureOneAdapterTest, TranscriptThatIsNotReadyIsNoError) {
  Expect("/v2/transcripts/get_by_id", 200,
         absl::StrCat(R"({"id":")", kId, R"(","processing_status":"IN-PROGRESS"})"));
  const auto transcript = Get(v1::TRANSCRIPT_VIEW_BASIC);
  ASSERT_TRUE(transcript.ok()) << transcript.status();
  EXPECT_EQ(transcript->state(), v1::PROCESSING_STATE_IN_PROGRESS);
  EXPECT_EQ(transcript->provider_state(), "IN-PROGRESS");
}

TEST_F(MeasureOneAdapterTest, TranscriptThatIsMissingIsNamed) {
  Expect("/v2/transcripts/get_by_id", 404, "{}");
  const auto transcript = Get(v1::TRANSCRIPT_VIEW_BASIC);
  ASSERT_TRUE(absl::IsNotFound(transcript.status()));
  google::rpc::ResourceInfo resource;
  bool named = false;
  const google::rpc::Status wire = errors::ToRpcStatus(transcript.status());
  for (const auto& detail : wire.details()) {
    named = named || detail.UnpackTo(&resource);
  }
  EXPECT_TRUE(named);
  EXPECT_EQ(resource.resource_name(), absl::StrCat("connections/m1/transcripts/", kId));
}

TEST_F(MeasureOneAdapterTest, AnotherTranscriptThanAskedForIsNotPassedOn) {
  Expect("/v2/transcripts/get_by_id", 200, R"({"id":"trc_other"})");
  EXPECT_TRUE(absl::IsInternal(Get(v1::TRANSCRIPT_VIEW_BASIC).status()));
}

TEST_F(MeasureOneAdapterTest, ScoresSpellTheirReasonsOut) {
  Expect("/v2/analytics/meritscore", 200, Example("v2_analytics_meritscore_reply.json"));
  const auto merit = Score(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  ASSERT_TRUE(merit.ok()) << merit.status();
  EXPECT_EQ(last_request().body, absl::StrCat(R"({"transcripts":[{"id":")", kId, R"("}]})"));
  EXPECT_EQ(merit->score().value(), "698");
  EXPECT_EQ(merit->model_version(), "v1.2");
  ASSERT_EQ(merit->adverse_actions_size(), 3);
  EXPECT_EQ(merit->adverse_actions(0).reason(), v1::ADVERSE_ACTION_REASON_LITTLE_PROGRESS);
  EXPECT_EQ(merit->adverse_actions(0).description(),
            "Meaningful progress has not been made toward successful completion of studies");

  Expect("/v2/analytics/gradscore", 200, Example("v2_analytics_gradscore_reply.json"));
  const auto graduation = Score(v1::TRANSCRIPT_SCORE_KIND_GRADUATION);
  ASSERT_TRUE(graduation.ok()) << graduation.status();
  EXPECT_EQ(graduation->score().value(), "652");
  EXPECT_EQ(graduation->adverse_actions(0).reason(), v1::ADVERSE_ACTION_REASON_CONCERNING_TREND);
  EXPECT_TRUE(absl::IsInvalidArgument(Score(v1::TRANSCRIPT_SCORE_KIND_UNSPECIFIED).status()));
}

TEST_F(MeasureOneAdapterTest, UnknownAdverseActionKeepsItsCode) {
  Expect("/v2/analytics/meritscore", 200, R"({"merit_score": 1.5, "aa_code_1": 9})");
  const auto merit = Score(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  ASSERT_TRUE(merit.ok());
  ASSERT_EQ(merit->adverse_actions_size(), 1);
  EXPECT_EQ(merit->adverse_actions(0).reason(), v1::ADVERSE_ACTION_REASON_OTHER);
  EXPECT_EQ(merit->adverse_actions(0).provider_code(), "9");
}

TEST_F(MeasureOneAdapterTest, ScoreThatComesTooEarlyIsNotReady) {
  Expect("/v2/analytics/meritscore", 400, "{}");
  Expect("/v2/transcripts/get_digest_by_id", 200, R"({"id":"x","processing_status":"PENDING"})");
  const auto early = Score(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  EXPECT_TRUE(absl::IsFailedPrecondition(early.status())) << early.status();
  EXPECT_EQ(errors::ReasonOf(early.status()), v1::ERROR_REASON_NOT_READY);
  EXPECT_EQ(errors::MetadataOf(early.status()).at("operation"), "MeasureOneV2.GetMeritScore");

  Expect("/v2/analytics/gradscore", 400, "{}");
  Expect("/v2/transcripts/get_digest_by_id", 200,
         R"({"id":"x","processing_status":"IN-PROGRESS"})");
  const absl::Status graduation = Score(v1::TRANSCRIPT_SCORE_KIND_GRADUATION).status();
  EXPECT_EQ(errors::ReasonOf(graduation), v1::ERROR_REASON_NOT_READY);
  EXPECT_EQ(errors::MetadataOf(graduation).at("operation"), "MeasureOneV2.GetGradScore");

  // Not a state that passes.
  Expect("/v2/analytics/meritscore", 400, "{}");
  Expect("/v2/transcripts/get_digest_by_id", 200, R"({"id":"x","processing_status":"FAILED"})");
  EXPECT_EQ(errors::ReasonOf(Score(v1::TRANSCRIPT_SCORE_KIND_MERIT).status()),
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);

  Expect("/v2/analytics/meritscore", 400, "{}");
  Expect("/v2/transcripts/get_digest_by_id", 200, R"({"id":"x","processing_status":"COMPLETED"})");
  EXPECT_EQ(errors::ReasonOf(Score(v1::TRANSCRIPT_SCORE_KIND_MERIT).status()),
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST_F(MeasureOneAdapterTest, WhyAScoreIsRefusedIsAskedForWhateverIsKept) {
  rest::Client client(PartsThatKeepReplies());
  MeasureOneAdapter adapter(client, client);
  const Ports ports = adapter.ports();
  const std::string name = absl::StrCat("connections/m1/transcripts/", kId);
  const std::string pending =
      absl::StrCat(R"({"id":")", kId, R"(","processing_status":"PENDING"})");
  Expect("/v2/transcripts/get_digest_by_id", 200, pending);
  Routed<v1::GetTranscriptRequest> digest{{"m1", {kId}}, {}};
  digest.request.set_name(name);
  digest.request.set_view(v1::TRANSCRIPT_VIEW_DIGEST);
  ASSERT_TRUE(Run(ports.get_transcript, digest).ok());

  // Finished since, and without what a score needs.
  Expect("/v2/analytics/meritscore", 400, "{}");
  Expect("/v2/transcripts/get_digest_by_id", 200, R"({"id":"x","processing_status":"COMPLETED"})");
  Routed<v1::ScoreTranscriptRequest> score{{"m1", {kId}}, {}};
  score.request.set_name(name);
  score.request.set_kind(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  EXPECT_EQ(errors::ReasonOf(Run(ports.score_transcript, score).status()),
            v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST);
}

TEST_F(MeasureOneAdapterTest, ReplyWithoutAScoreIsInvalid) {
  for (const char* body : {"{}", R"({"error_code":"X"})", R"({"merit_score":null})",
                           R"({"merit_score":"","aa_code_1":1})", R"({"merit_score":"N/A"})"}) {
    Expect("/v2/analytics/meritscore", 200, body);
    EXPECT_EQ(errors::ReasonOf(Score(v1::TRANSCRIPT_SCORE_KIND_MERIT).status()),
              v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
  for (const char* body : {R"({"merit_score":698})", R"({"grad_score":"none"})"}) {
    Expect("/v2/analytics/gradscore", 200, body);
    EXPECT_EQ(errors::ReasonOf(Score(v1::TRANSCRIPT_SCORE_KIND_GRADUATION).status()),
              v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
  Expect("/v2/analytics/gradscore", 200, R"({"grad_score":"652.50"})");
  EXPECT_EQ(Score(v1::TRANSCRIPT_SCORE_KIND_GRADUATION)->score().value(), "652.50");
}

TEST_F(MeasureOneAdapterTest, NothingOfHowADocumentIsFetchedComesBack) {
  const char* const references[] = {
      R"({"uri":"https://canary:canary@h/f","http_headers":{"authorization":["canary"]}})",
      R"({"uri":"sftp://canary@h/f@g","http_body":{"token":"canary"}})",
      R"({"uri":"m1://sdr_1","http_headers":["canary"],"http_body":["canary"]})",
      R"(["canary"])",
      R"({"uri":"m1://sdr_1","http_body":"canary"},"source_data_reference":{"http_body":"canary"})",
  };
  for (const char* reference : references) {
    Expect("/v2/transcripts/get_by_id", 200,
           absl::StrCat(
               R"({"id":")", kId,
               R"(","new":1,"source_data":[{"source_data_type":"OTHER","source_data_reference":)",
               reference, "}]}"));
    const auto transcript = Get(v1::TRANSCRIPT_VIEW_FULL);
    ASSERT_TRUE(transcript.ok()) << transcript.status();
    EXPECT_THAT(transcript->SerializeAsString(), Not(HasSubstr("canary"))) << reference;
    EXPECT_EQ(transcript->unknown_fields_size(), 1) << reference;
  }
  Expect("/v2/transcripts/get_by_id", 200,
         absl::StrCat(R"({"id":")", kId, R"(","source_data":{"source_data_reference":"canary"}})"));
  const auto odd = Get(v1::TRANSCRIPT_VIEW_FULL);
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_THAT(odd->SerializeAsString(), Not(HasSubstr("canary")));
}

TEST_F(MeasureOneAdapterTest, AddressOfADocumentComesBackWithoutItsLogin) {
  const std::pair<const char*, const char*> addresses[] = {
      {"sftp://john.doe:shah@files.example.net/a@b/f.html", "sftp://files.example.net/a@b/f.html"},
      {"https://john@example.com?mail=a@b", "https://example.com?mail=a@b"},
      {"https://a@b@example.com", "https://example.com"},
      {"https://example.com/f", "https://example.com/f"},
      {"m1://sdr_1", "m1://sdr_1"},
      {"odd", "odd"},
  };
  for (const auto& [sent, given] : addresses) {
    Expect("/v2/transcripts/get_by_id", 200,
           absl::StrCat(R"({"id":")", kId, R"(","source_data":[{"source_data_reference":{"uri":")",
                        sent, R"("}}]})"));
    const auto transcript = Get(v1::TRANSCRIPT_VIEW_FULL);
    ASSERT_TRUE(transcript.ok()) << transcript.status();
    EXPECT_EQ(transcript->sources(0).document().uri(), given);
    provider::measureone::v2::Transcript record;
    ASSERT_TRUE(transcript->provider_record().UnpackTo(&record));
    EXPECT_EQ(record.source_data(0).source_data_reference().uri(), given);
  }
}

TEST_F(MeasureOneAdapterTest, LoginAtASchoolConnectsOrAsksForACode) {
  Expect("/v2/transcriptlink/access_transcript", 200, Example("v2_access_transcript_reply.json"));
  auto session = Run(ports_.start_transcript_access, Access());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(session->state(), v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
  EXPECT_EQ(session->name(), absl::StrCat("connections/m1/transcriptAccessSessions/", kSession));
  EXPECT_THAT(session->ShortDebugString(), Not(HasSubstr("canary")));
  EXPECT_EQ(last_request().body,
            R"({"external_id":"123445","school_id":"sch_1","username":"canary-user",)"
            R"("password":"canary-password"})");
  EXPECT_FALSE(last_request().replayable);

  Expect("/v2/transcriptlink/access_transcript", 202, Example("v2_access_transcript_reply.json"));
  auto routed = Access();
  routed.request.set_school("connections/m1/schools/sch_1");
  session = Run(ports_.start_transcript_access, routed);
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(session->state(), v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED);
}

TEST_F(MeasureOneAdapterTest, LoginNeedsAllOfItsFields) {
  Routed<v1::StartTranscriptAccessRequest> routed{{"m1", {}}, {}};
  EXPECT_TRUE(absl::IsInvalidArgument(Run(ports_.start_transcript_access, routed).status()));
  routed = Access();
  routed.request.set_school("connections/other/schools/sch_1");
  EXPECT_TRUE(absl::IsInvalidArgument(Run(ports_.start_transcript_access, routed).status()));
  routed = Access();
  routed.request.set_validate_only(true);
  EXPECT_TRUE(Run(ports_.start_transcript_access, routed).ok());
}

TEST_F(MeasureOneAdapterTest, RefusedLoginTellsNothingOfIt) {
  Expect(
      "/v2/transcriptlink/access_transcript", 404,
      R"({"error_code":"INVALID_CREDENTIALS","error_message":"canary-user has canary-password"})");
  const auto refused = Run(ports_.start_transcript_access, Access());
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(errors::ToRpcStatus(refused.status()).DebugString(), Not(HasSubstr("canary")));
}

TEST_F(MeasureOneAdapterTest, LoginWithoutAnAnswerIsNotRepeated) {
  http_.Expect("POST", absl::StrCat(kBase, "/v2/transcriptlink/access_transcript"),
               http::NoAnswer(http::Failure::kReset, true));
  EXPECT_EQ(errors::ReasonOf(Run(ports_.start_transcript_access, Access()).status()),
            v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN);
}

TEST_F(MeasureOneAdapterTest, LoginThatAPageInFrontRefusesIsNotRepeated) {
  const std::string url = absl::StrCat(kBase, "/v2/transcriptlink/access_transcript");
  http_.Expect("POST", url, http::Answer(403, "<html>blocked</html>", "text/html"));
  // With the attempts that a connection makes unless it is configured otherwise.
  rest::Client client(Parts());
  MeasureOneAdapter adapter(client, client);
  EXPECT_EQ(errors::ReasonOf(Run(adapter.ports().start_transcript_access, Access()).status()),
            v1::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_THAT(http_.requests(), SizeIs(1));
}

TEST_F(MeasureOneAdapterTest, CodeIsBroughtToItsSession) {
  Routed<v1::SubmitTranscriptAccessMfaRequest> routed{{"m1", {kSession}}, {}};
  EXPECT_TRUE(absl::IsInvalidArgument(Run(ports_.submit_transcript_access_mfa, routed).status()));
  routed.request.set_mfa_token("51622");
  Expect("/v2/transcriptlink/verify_mfa", 200, Example("v2_verify_mfa_reply.json"));
  const auto session = Run(ports_.submit_transcript_access_mfa, routed);
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(session->state(), v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
  EXPECT_EQ(last_request().body,
            absl::StrCat(R"({"session_id":")", kSession, R"(","mfa_token":"51622"})"));
}

TEST_F(MeasureOneAdapterTest, ListsTheSchoolsOfACountry) {
  Expect("/v2/schools/get", 200, R"([{"m1_id":"sch_1","name":"A","id":"1","id_type":"FICE"}])");
  SchoolQuery query;
  query.country_code = "us";
  const auto page = ListSchools(query);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->records[0].name(), "connections/m1/schools/sch_1");
  EXPECT_EQ(page->records[0].country_code(), "US");
  EXPECT_EQ(page->next_cursor, "");
  EXPECT_EQ(last_request().body, R"({"filters":{"country_a2_code":"US"}})");
  query.country_code = "USA";
  EXPECT_TRUE(absl::IsInvalidArgument(ListSchools(query).status()));
}

TEST_F(MeasureOneAdapterTest, BrokenListOfSchoolsIsAClearError) {
  Expect("/v2/schools/get", 200, Example("v2_schools_get_reply_trailing_comma.json"));
  SchoolQuery query;
  query.country_code = "US";
  EXPECT_EQ(errors::ReasonOf(ListSchools(query).status()),
            v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

constexpr char kStatusPath[] = "/v3/services/get_enrollment_status";

TEST_F(MeasureOneAdapterTest, VerifiesAnEnrollmentWithOneLook) {
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  const auto verification = Verify(false);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_ACQUIRING);
  EXPECT_THAT(verification->findings(), IsEmpty());
  EXPECT_EQ(verification->result(), v1::VERIFICATION_RESULT_UNSPECIFIED);
  EXPECT_EQ(last_request().header("version"), "3");
  EXPECT_EQ(last_request().body, R"({"datarequest_id":"dr_1"})");
}

TEST_F(MeasureOneAdapterTest, WaitsLongerAndLongerUntilTheReportIsThere) {
  const async::MonotonicTime begin = loop_.fake_clock().MonotonicNow();
  for (int i = 0; i < 6; ++i) {
    Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_in_progress.json"));
  }
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_completed.json"));
  const auto verification = Verify(true);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(verification->result(), v1::VERIFICATION_RESULT_ACTIVE);
  // 1, 2, 4, 8, 15 and 15 seconds.
  EXPECT_EQ(absl::FromChrono(loop_.fake_clock().MonotonicNow() - begin), absl::Seconds(45));
}

TEST_F(MeasureOneAdapterTest, LastStateIsReturnedWhenTimeIsUp) {
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_in_progress.json"));
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_in_progress.json"));
  const auto verification = Verify(true, absl::Seconds(3));
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_IN_PROGRESS);
}

TEST_F(MeasureOneAdapterTest, ReportThatIsReadyBeforeTheDeadlineIsSeen) {
  // At 0, 1, 3, 7 and 15 seconds, and then not only after the deadline.
  for (int i = 0; i < 5; ++i) {
    Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_in_progress.json"));
  }
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_completed.json"));
  const auto verification = Verify(true, absl::Seconds(30));
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_COMPLETED);
}

TEST_F(MeasureOneAdapterTest, ProviderThatNamesATimeIsNotAskedBefore) {
  const async::MonotonicTime begin = loop_.fake_clock().MonotonicNow();
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  http::Exchange limited = http::Answer(429, "{}");
  limited.response.headers.push_back({"Retry-After", "38"});
  http_.Expect("POST", absl::StrCat(kBase, kStatusPath), std::move(limited));
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_completed.json"));
  const auto verification = Verify(true);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(absl::FromChrono(loop_.fake_clock().MonotonicNow() - begin), absl::Seconds(39));
}

TEST_F(MeasureOneAdapterTest, ReportThatSaysNothingIsInvalid) {
  for (const char* body : {"{}", R"({"error_code":"X"})", R"({"processing_status":null})"}) {
    Expect(kStatusPath, 200, body);
    EXPECT_EQ(errors::ReasonOf(Verify(false).status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
  Expect(kStatusPath, 200, R"({"enrollment_status":[{"enrollment_status":"ACTIVE"}]})");
  const auto stateless = Verify(false);
  ASSERT_TRUE(stateless.ok()) << stateless.status();
  EXPECT_EQ(stateless->result(), v1::VERIFICATION_RESULT_ACTIVE);
}

TEST_F(MeasureOneAdapterTest, StatementsThatCannotBeReadAreNotNone) {
  for (const char* statements :
       {R"({"enrollment_status":"ACTIVE"})", R"("ACTIVE")", R"(["ACTIVE"])"}) {
    Expect(
        kStatusPath, 200,
        absl::StrCat(R"({"processing_status":"COMPLETED","enrollment_status":)", statements, "}"));
    EXPECT_EQ(errors::ReasonOf(Verify(false).status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << statements;
  }
  Expect(kStatusPath, 200, R"({"processing_status":"COMPLETED","enrollment_status":null})");
  EXPECT_TRUE(Verify(false).ok());
  // Before the end it says nothing, in whatever shape.
  Expect(kStatusPath, 200, R"({"processing_status":"ACQUIRING","enrollment_status":""})");
  EXPECT_TRUE(Verify(false).ok());
}

TEST_F(MeasureOneAdapterTest, ReportIsAskedForEachTimeWhateverIsKept) {
  rest::Client client(PartsThatKeepReplies());
  MeasureOneAdapter adapter(client, client);
  Routed<v1::VerifyEnrollmentRequest> routed{{"m1", {}}, {}};
  routed.request.set_data_request("dr_1");
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_completed.json"));
  const Ports ports = adapter.ports();
  ASSERT_TRUE(Run(ports.verify_enrollment, routed).ok());
  const auto verification = Run(ports.verify_enrollment, routed);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_COMPLETED);
}

TEST_F(MeasureOneAdapterTest, MissingDataRequestIsNamed) {
  Expect(kStatusPath, 404, R"({"error_code":"DATAREQUEST_NOT_FOUND"})");
  EXPECT_THAT(errors::ToRpcStatus(Verify(true).status()).DebugString(), HasSubstr("dr_1"));
}

TEST_F(MeasureOneAdapterTest, LastStateIsReturnedWhenALookTakesTooLong) {
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  http_.Expect({.method = "POST",
                .url = absl::StrCat(kBase, kStatusPath),
                .exchange = http::Answer(200, "{}"),
                .delay = absl::Seconds(60)});
  const auto verification = Verify(true, absl::Seconds(10));
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_ACQUIRING);
}

TEST_F(MeasureOneAdapterTest, OutageDuringTheWaitPasses) {
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  Expect(kStatusPath, 503, "");
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_completed.json"));
  const auto verification = Verify(true);
  ASSERT_TRUE(verification.ok()) << verification.status();
  EXPECT_EQ(verification->state(), v1::PROCESSING_STATE_COMPLETED);
}

TEST_F(MeasureOneAdapterTest, RefusalDuringTheWaitEndsIt) {
  Expect(kStatusPath, 200, Example("v3_get_enrollment_status_reply_acquiring.json"));
  Expect(kStatusPath, 422, Example("v3_error_422.json"));
  EXPECT_EQ(errors::ReasonOf(Verify(true).status()), v1::ERROR_REASON_PROVIDER_PRECONDITION);
}

TEST_F(MeasureOneAdapterTest, UploadIsSentAsMultipart) {
  Expect("/v2/transcripts/upload", 200, Example("v2_transcripts_upload_reply.json"));
  ScriptedUpload upload;
  upload.Header("fileX.pdf", "application/pdf");
  upload.Chunk("%PDF");
  upload.Chunk("-1.4");
  upload.Header("fileY.png", "image/png");
  upload.Chunk(std::string("\x89PNG\r\n\0", 7));
  const auto uploaded = Upload(upload);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  ASSERT_EQ(uploaded->files_size(), 2);
  EXPECT_EQ(uploaded->files(0).uri(), "m1://sdr_CaIGVqBRRpETI6fkCyUSpNHbHFo");
  EXPECT_EQ(uploaded->files(1).media_type(), "image/png");
  EXPECT_EQ(last_request().header("Content-Type"), "multipart/form-data; boundary=BOUNDARY");
  EXPECT_EQ(last_request().body,
            absl::StrCat("--BOUNDARY\r\nContent-Disposition: form-data; name=\"files[]\"; "
                         "filename=\"fileX.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4"
                         "\r\n--BOUNDARY\r\nContent-Disposition: form-data; name=\"files[]\"; "
                         "filename=\"fileY.png\"\r\nContent-Type: image/png\r\n\r\n",
                         absl::string_view("\x89PNG\r\n\0", 7), "\r\n--BOUNDARY--\r\n"));
}

TEST_F(MeasureOneAdapterTest, UploadedFilesAreToldInTheOrderInWhichTheyWereSent) {
  const auto upload_both = [this](const char* first, const char* second) {
    Expect("/v2/transcripts/upload", 200,
           absl::StrCat(R"([{"uri":"m1://sdr_1","file_name":")", first,
                        R"("},{"uri":"m1://sdr_2","file_name":")", second, R"("}])"));
    ScriptedUpload upload;
    upload.Header("ann.pdf", "application/pdf");
    upload.Chunk("%PDF");
    upload.Header("bob.png", "image/png");
    upload.Chunk("PNG");
    return Upload(upload);
  };
  const auto turned = upload_both("bob.png", "ann.pdf");
  ASSERT_TRUE(turned.ok()) << turned.status();
  ASSERT_EQ(turned->files_size(), 2);
  EXPECT_EQ(turned->files(0).uri(), "m1://sdr_2");
  EXPECT_EQ(turned->files(0).file_name(), "ann.pdf");
  EXPECT_EQ(turned->files(0).media_type(), "application/pdf");
  EXPECT_EQ(turned->files(1).uri(), "m1://sdr_1");
  EXPECT_EQ(turned->files(1).media_type(), "image/png");
  // Names that tell nothing.
  for (const auto& [first, second] :
       {std::pair{"bob.png", "Ann.pdf"}, std::pair{"bob.png", "bob.png"}, std::pair{"", ""}}) {
    const auto as_they_come = upload_both(first, second);
    ASSERT_TRUE(as_they_come.ok()) << as_they_come.status();
    EXPECT_EQ(as_they_come->files(0).uri(), "m1://sdr_1") << first;
    EXPECT_EQ(as_they_come->files(1).uri(), "m1://sdr_2") << first;
  }
}

TEST_F(MeasureOneAdapterTest, UploadLargerThanItsBufferArrivesWhole) {
  Expect("/v2/transcripts/upload", 200, R"([{"uri":"m1://sdr_1"}])");
  ScriptedUpload upload;
  upload.Header("a.txt", "text/plain");
  for (char c : {'a', 'b', 'c', 'd'}) upload.Chunk(std::string(kMaxUploadChunkBytes, c));
  ASSERT_TRUE(Upload(upload).ok());
  EXPECT_THAT(last_request().body, SizeIs(::testing::Gt(4 * kMaxUploadChunkBytes)));
}

TEST_F(MeasureOneAdapterTest, WrongUploadIsAbandoned) {
  const auto refused = [this](ScriptedUpload& upload) {
    const absl::Status status = Upload(upload).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  };
  ScriptedUpload nothing;
  refused(nothing);
  ScriptedUpload no_header;
  no_header.Chunk("x");
  refused(no_header);
  ScriptedUpload wrong_type;
  wrong_type.Header("a.zip", "application/zip");
  refused(wrong_type);
  ScriptedUpload empty_file;
  empty_file.Header("a.txt", "text/plain");
  refused(empty_file);
  ScriptedUpload second_is_wrong;
  second_is_wrong.Header("a.txt", "text/plain");
  second_is_wrong.Chunk("x");
  second_is_wrong.Header("b.exe", "text/plain");
  refused(second_is_wrong);
  ScriptedUpload large_chunk;
  large_chunk.Header("a.txt", "text/plain");
  large_chunk.Chunk(std::string(kMaxUploadChunkBytes + 1, 'x'));
  refused(large_chunk);
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(MeasureOneAdapterTest, UploadEndsWithItsCaller) {
  ScriptedUpload upload;
  upload.Header("a.txt", "text/plain");
  upload.Chunk("half of it");
  upload.EndWith(errors::Cancelled({}));
  EXPECT_TRUE(absl::IsCancelled(Upload(upload).status()));
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(MeasureOneAdapterTest, UploadedFileWithoutAnAddressIsInvalid) {
  Expect("/v2/transcripts/upload", 200, R"([{"file_name":"a.txt"}])");
  ScriptedUpload upload;
  upload.Header("a.txt", "text/plain");
  upload.Chunk("x");
  EXPECT_EQ(errors::ReasonOf(Upload(upload).status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(MeasureOneAdapterTest, RefusedUploadIsAStatus) {
  Expect("/v2/transcripts/upload", 400, Example("v2_error.json"));
  ScriptedUpload upload;
  upload.Header("a.txt", "text/plain");
  upload.Chunk("x");
  const absl::Status status = Upload(upload).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID) << status;
}

std::string Zip(size_t size) {
  return absl::StrCat(std::string("PK\x03\x04", 4), std::string(size, 'z'));
}

TEST_F(MeasureOneAdapterTest, DownloadArrivesByteForByte) {
  const std::string zip = Zip(1'000'003);
  http::Exchange exchange = http::Answer(200, zip, "application/zip");
  exchange.response.headers.push_back({"Content-Length", absl::StrCat(zip.size())});
  ExpectFiles(std::move(exchange));
  Taken taken;
  EXPECT_TRUE(Download(taken).ok());
  EXPECT_EQ(taken.bytes, zip);
  EXPECT_EQ(taken.size_bytes, static_cast<int64_t>(zip.size()));
  EXPECT_EQ(last_request().header("Accept"), "application/zip, application/json");
}

TEST_F(MeasureOneAdapterTest, SlowReaderSlowsTheDownloadDown) {
  const std::string zip = Zip(3'000'000);
  ExpectFiles(http::Answer(200, zip, "application/zip"));
  Taken taken(absl::Seconds(1));
  EXPECT_TRUE(Download(taken).ok());
  EXPECT_EQ(taken.bytes, zip);
  EXPECT_LT(taken.largest, 300'000u);
}

TEST_F(MeasureOneAdapterTest, DownloadEndsWithItsReader) {
  ExpectFiles(http::Answer(200, Zip(3'000'000), "application/zip"));
  Taken taken(absl::Seconds(1));
  taken.fail_after = 500'000;
  EXPECT_EQ(errors::ReasonOf(Download(taken)), v1::ERROR_REASON_SLOW_CONSUMER);
}

TEST_F(MeasureOneAdapterTest, ErrorInsteadOfAZipIsAStatus) {
  ExpectFiles(http::Answer(401, Example("v2_transcripts_get_files_error.json")));
  Taken taken;
  EXPECT_EQ(errors::ReasonOf(Download(taken)), v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  EXPECT_FALSE(taken.begun);
}

TEST_F(MeasureOneAdapterTest, WhatIsNoZipIsNotPassedOn) {
  for (const char* body : {"", "PK", "{\"error_code\":\"X\"}", "<html></html>"}) {
    ExpectFiles(http::Answer(200, body, "application/zip"));
    Taken taken;
    EXPECT_EQ(errors::ReasonOf(Download(taken)), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
    EXPECT_FALSE(taken.begun);
  }
}

TEST_F(MeasureOneAdapterTest, ZipWhoseEndIsAGuessIsNotPassedOn) {
  http::Exchange exchange = http::Answer(200, Zip(100), "application/zip");
  exchange.response.unframed = true;
  ExpectFiles(std::move(exchange));
  Taken taken;
  EXPECT_EQ(errors::ReasonOf(Download(taken)), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

}  // namespace
}  // namespace edugate::adapters
