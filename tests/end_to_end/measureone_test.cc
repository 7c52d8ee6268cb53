// MeasureOne through the whole program: transcripts from their sources to their scores, webhooks as
// they arrive, verifications that take a while.

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "adapters/testing/leaf_coverage.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"

namespace edugate::end_to_end {
namespace {

using adapters::testing::MissingLeaves;
using adapters::testing::Written;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Service = v1::TranscriptService::StubInterface;

// The sandbox's README names them.
constexpr char kConnection[] = "connections/m1";
constexpr char kDocumented[] = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2";
constexpr char kStuck[] = "connections/m1/transcripts/trc_Stuck2SSjP3GvpVrs5HLol4xor2";
constexpr char kMfaSchool[] = "connections/m1/schools/sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz";
constexpr size_t kChunkBytes = size_t{64} << 10;

DeploymentOptions Options() {
  DeploymentOptions options;
  options.more_connections = absl::StrCat(
      "  - id: m1\n    provider: measureone\n    base_url: {url}/measureone\n"
      "    auth: { bearer: { value: ",
      sandbox::kMeasureOneKey, " } }\n    options: { poll_interval: 0.05s }\n",
      "    webhook: { secrets: [ { value: \"", sandbox::kMeasureOneWebhookSecret, "\" } ] }\n");
  options.adjust = [](v1::Config& config) {
    config.mutable_server()->set_admin_listen("127.0.0.1:0");
  };
  return options;
}

std::string Document(const std::string& name) {
  std::ifstream file(EDUGATE_SOURCE_DIR "/adapters/measureone/testdata/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class MeasureOneTest : public ::testing::Test {
 protected:
  MeasureOneTest()
      : deployment_(Options()),
        transcripts_(v1::TranscriptService::NewStub(deployment_.channel())) {
    sandbox::ProviderSettings settings;
    settings.processing_time = absl::Milliseconds(300);
    settings.webhook_url =
        absl::StrCat("http://", deployment_.server().admin_address(), "/webhooks/m1");
    EXPECT_TRUE(deployment_.providers().SetSettings("measureone", settings).ok());
  }

  // A call that must succeed.
  template <typename Reply, typename Stub, typename Request>
  Reply Ask(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
            const Request& request, absl::Duration timeout = absl::Seconds(30)) {
    Reply reply;
    const grpc::Status status = (stub.*method)(Context(timeout).get(), request, &reply);
    EXPECT_TRUE(status.ok()) << request.ShortDebugString() << ": " << status.error_message();
    return reply;
  }

  // A call that must fail.
  template <typename Reply, typename Stub, typename Request>
  Failure Refused(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                  const Request& request) {
    const auto context = Context();
    Reply reply;
    const grpc::Status status = (stub.*method)(context.get(), request, &reply);
    EXPECT_FALSE(status.ok()) << reply.ShortDebugString();
    return FailureOf(status, *context);
  }

  v1::Transcript Create(const v1::TranscriptSource& source) {
    v1::CreateTranscriptRequest request;
    request.set_parent(kConnection);
    request.mutable_transcript()->set_external_id("student-1");
    *request.mutable_transcript()->add_sources() = source;
    return Ask(service(), &Service::CreateTranscript, request);
  }

  v1::Transcript Get(const std::string& name, v1::TranscriptView view) {
    v1::GetTranscriptRequest request;
    request.set_name(name);
    request.set_view(view);
    return Ask(service(), &Service::GetTranscript, request);
  }

  v1::TranscriptScore Score(const std::string& name, v1::TranscriptScoreKind kind) {
    v1::ScoreTranscriptRequest request;
    request.set_name(name);
    request.set_kind(kind);
    return Ask(service(), &Service::ScoreTranscript, request);
  }

  // Watches until the transcript is processed; the types of its events in their order.
  std::vector<v1::TranscriptEventType> EventsOf(const std::string& name) {
    v1::WatchTranscriptEventsRequest request;
    request.set_parent(kConnection);
    const auto context = Context();
    const auto reader = transcripts_->WatchTranscriptEvents(context.get(), request);
    std::vector<v1::TranscriptEventType> types;
    v1::TranscriptEvent event;
    while (reader->Read(&event)) {
      if (event.transcript() != name) continue;
      EXPECT_EQ(event.external_id(), "student-1");
      types.push_back(event.type());
      if (event.type() == v1::TRANSCRIPT_EVENT_TYPE_PROCESSED) break;
    }
    context->TryCancel();
    reader->Finish();
    return types;
  }

  v1::UploadTranscriptFilesResponse Upload(const std::map<std::string, std::string>& files) {
    const auto context = Context();
    v1::UploadTranscriptFilesResponse response;
    const auto writer = transcripts_->UploadTranscriptFiles(context.get(), &response);
    for (const auto& [name, content] : files) {
      v1::UploadTranscriptFilesRequest message;
      message.mutable_header()->set_parent(kConnection);
      message.mutable_header()->set_file_name(name);
      message.mutable_header()->set_media_type("application/pdf");
      writer->Write(message);
      for (size_t at = 0; at < content.size(); at += kChunkBytes) {
        message.set_chunk(content.substr(at, kChunkBytes));
        writer->Write(message);
      }
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  Service& service() { return *transcripts_; }

  Deployment deployment_;
  std::unique_ptr<v1::TranscriptService::Stub> transcripts_;
};

v1::TranscriptSource DigestSource() {
  v1::TranscriptSource source;
  v1::TranscriptDigest& digest = *source.mutable_digest();
  digest.set_award_type(v1::AWARD_TYPE_BACHELOR);
  digest.mutable_years_in_school()->set_value("2");
  digest.set_min_grade("D");
  digest.mutable_cumulative_gpa()->set_value("3.3");
  digest.mutable_last_term_gpa()->set_value("3.5");
  digest.mutable_credits_earned()->set_value("65");
  return source;
}

TEST_F(MeasureOneTest, ATranscriptFromADigestIsThereAtOnceAndIsScored) {
  const v1::Transcript created = Create(DigestSource());
  EXPECT_EQ(created.state(), v1::PROCESSING_STATE_COMPLETED);
  const v1::Transcript digest = Get(created.name(), v1::TRANSCRIPT_VIEW_DIGEST);
  EXPECT_EQ(digest.digest().cumulative_gpa().value(), "3.3");
  EXPECT_EQ(digest.digest().award_type(), v1::AWARD_TYPE_BACHELOR);
  EXPECT_EQ(digest.external_id(), "student-1");

  const v1::TranscriptScore merit = Score(created.name(), v1::TRANSCRIPT_SCORE_KIND_MERIT);
  EXPECT_EQ(merit.score().value(), "698");
  ASSERT_THAT(merit.adverse_actions(), SizeIs(3));
  EXPECT_EQ(merit.adverse_actions(0).reason(), v1::ADVERSE_ACTION_REASON_LITTLE_PROGRESS);
  EXPECT_NE(merit.adverse_actions(0).description(), "");
  EXPECT_EQ(Score(created.name(), v1::TRANSCRIPT_SCORE_KIND_GRADUATION).score().value(), "652");
}

TEST_F(MeasureOneTest, ATranscriptFromARecordComesBackAsItWasGiven) {
  v1::TranscriptSource source;
  *source.mutable_record() = Get(kDocumented, v1::TRANSCRIPT_VIEW_FULL).record();
  ASSERT_FALSE(source.record().sessions().empty());
  const v1::Transcript created = Create(source);
  EXPECT_EQ(created.state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(Get(created.name(), v1::TRANSCRIPT_VIEW_FULL).record().DebugString(),
            source.record().DebugString());
}

TEST_F(MeasureOneTest, ATranscriptFromAFileIsWaitedForByItsEvents) {
  const auto uploaded = Upload({{"scan.pdf", "%PDF-1.4 a scan"}});
  ASSERT_THAT(uploaded.files(), SizeIs(1));
  v1::TranscriptSource source;
  source.mutable_document()->set_uri(uploaded.files(0).uri());
  source.mutable_document()->set_media_type("application/pdf");
  const v1::Transcript created = Create(source);
  EXPECT_EQ(created.state(), v1::PROCESSING_STATE_PENDING);
  EXPECT_THAT(EventsOf(created.name()),
              ::testing::ElementsAre(v1::TRANSCRIPT_EVENT_TYPE_CREATED,
                                     v1::TRANSCRIPT_EVENT_TYPE_PROCESSED));

  const v1::Transcript digest = Get(created.name(), v1::TRANSCRIPT_VIEW_DIGEST);
  EXPECT_EQ(digest.state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(digest.digest().cumulative_gpa().value(), "3.76");
  EXPECT_FALSE(digest.has_record());
  const v1::Transcript full = Get(created.name(), v1::TRANSCRIPT_VIEW_FULL);
  EXPECT_FALSE(full.record().sessions().empty());
  EXPECT_TRUE(full.has_provider_record());
  const v1::Transcript summary = Get(created.name(), v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY);
  EXPECT_FALSE(summary.enrollment_summary().sessions().empty());
  EXPECT_FALSE(summary.has_record());
  EXPECT_EQ(Score(created.name(), v1::TRANSCRIPT_SCORE_KIND_MERIT).score().value(), "698");
}

TEST_F(MeasureOneTest, TheDocumentsTranscriptsArriveWhole) {
  EXPECT_THAT(MissingLeaves(Document("v2_transcripts_get_by_id_reply.json"),
                            Get(kDocumented, v1::TRANSCRIPT_VIEW_FULL), Written::kJson),
              IsEmpty());
  for (const char* file :
       {"v2_transcripts_get_by_id_reply.json", "v2_transcripts_get_by_id_reply_digest.json"}) {
    deployment_.providers().AddFault({.provider = "measureone", .body = Document(file)});
    EXPECT_THAT(
        MissingLeaves(Document(file), Get(kDocumented, v1::TRANSCRIPT_VIEW_FULL), Written::kJson),
        IsEmpty())
        << file;
  }
}

TEST_F(MeasureOneTest, AListWithATrailingCommaIsAClearError) {
  deployment_.providers().AddFault(
      {.provider = "measureone", .body = Document("v2_schools_get_reply_trailing_comma.json")});
  v1::ListSchoolsRequest request;
  request.set_parent(kConnection);
  request.set_country_code("US");
  EXPECT_EQ(Refused(service(), &Service::ListSchools, request).reason, "PROVIDER_RESPONSE_INVALID");
}

TEST_F(MeasureOneTest, SchoolsAreThoseOfACountry) {
  v1::ListSchoolsRequest request;
  request.set_parent(kConnection);
  request.set_country_code("US");
  const auto schools = Ask(service(), &Service::ListSchools, request);
  ASSERT_THAT(schools.schools(), SizeIs(4));
  EXPECT_EQ(schools.schools(0).identifier_scheme(), v1::SCHOOL_IDENTIFIER_SCHEME_IPEDS);
  request.set_country_code("DE");
  EXPECT_THAT(Ask(service(), &Service::ListSchools, request).schools(), IsEmpty());
}

TEST_F(MeasureOneTest, AScoreOfWhatIsNotProcessedIsNotReady) {
  v1::ScoreTranscriptRequest request;
  request.set_name(kStuck);
  request.set_kind(v1::TRANSCRIPT_SCORE_KIND_MERIT);
  EXPECT_EQ(Refused(service(), &Service::ScoreTranscript, request).reason, "NOT_READY");
}

TEST_F(MeasureOneTest, AVerificationIsWaitedForAndTheLastStateIsNotLost) {
  v1::VerifyEnrollmentRequest request;
  request.set_parent(kConnection);
  request.set_data_request("dr_progress");
  using Enrollments = v1::EnrollmentService::StubInterface;
  Enrollments& enrollments = deployment_.enrollments();
  EXPECT_EQ(Ask(enrollments, &Enrollments::VerifyEnrollment, request).state(),
            v1::PROCESSING_STATE_ACQUIRING);
  request.set_wait(true);
  const auto verified = Ask(enrollments, &Enrollments::VerifyEnrollment, request);
  EXPECT_EQ(verified.state(), v1::PROCESSING_STATE_COMPLETED);
  EXPECT_EQ(verified.result(), v1::VERIFICATION_RESULT_ACTIVE);
  ASSERT_THAT(verified.findings(), SizeIs(1));
  EXPECT_EQ(verified.findings(0).method(), v1::VERIFICATION_METHOD_SCHOOL_ACCOUNT);

  request.set_data_request("dr_in_progress");
  EXPECT_EQ(Ask(enrollments, &Enrollments::VerifyEnrollment, request, absl::Seconds(1)).state(),
            v1::PROCESSING_STATE_IN_PROGRESS);
  request.set_data_request("dr_multiple");
  EXPECT_EQ(Refused(enrollments, &Enrollments::VerifyEnrollment, request).reason,
            "PROVIDER_CONFLICT");
}

TEST_F(MeasureOneTest, ASchoolsSecondFactorIsBroughtAfterIt) {
  v1::StartTranscriptAccessRequest start;
  start.set_parent(kConnection);
  start.set_school(kMfaSchool);
  start.set_username("user");
  start.set_password("pass");
  start.set_external_id("student-1");
  const auto session = Ask(service(), &Service::StartTranscriptAccess, start);
  EXPECT_EQ(session.state(), v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED);
  v1::SubmitTranscriptAccessMfaRequest code;
  code.set_name(session.name());
  code.set_mfa_token("00000");
  EXPECT_EQ(Refused(service(), &Service::SubmitTranscriptAccessMfa, code).code,
            grpc::StatusCode::INVALID_ARGUMENT);
  code.set_mfa_token("51622");
  EXPECT_EQ(Ask(service(), &Service::SubmitTranscriptAccessMfa, code).state(),
            v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
}

TEST_F(MeasureOneTest, UploadedFilesAreDownloadedByteForByte) {
  std::string content = "%PDF-1.4\r\n";
  for (int i = 0; content.size() < (2u << 20); ++i) absl::StrAppend(&content, i, "\r\n--\0x\r\n");
  const auto uploaded = Upload({{"one.pdf", content}, {"two.pdf", "small"}});
  ASSERT_THAT(uploaded.files(), SizeIs(2));
  v1::CreateTranscriptRequest create;
  create.set_parent(kConnection);
  for (const v1::UploadedFile& each : uploaded.files()) {
    v1::SourceDocument& document = *create.mutable_transcript()->add_sources()->mutable_document();
    document.set_uri(each.uri());
    document.set_media_type("application/pdf");
  }
  const auto transcript = Ask(service(), &Service::CreateTranscript, create);

  v1::DownloadTranscriptFilesRequest request;
  request.set_name(transcript.name());
  const auto context = Context();
  const auto reader = transcripts_->DownloadTranscriptFiles(context.get(), request);
  v1::DownloadTranscriptFilesResponse message;
  ASSERT_TRUE(reader->Read(&message));
  ASSERT_TRUE(message.has_info());
  EXPECT_EQ(message.info().content_type(), "application/zip");
  const int64_t announced = message.info().size_bytes();
  std::string zip;
  while (reader->Read(&message)) zip += message.chunk();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(announced, static_cast<int64_t>(zip.size()));
  EXPECT_THAT(zip, HasSubstr("one.pdf" + content));
  EXPECT_THAT(zip, HasSubstr("two.pdfsmall"));
}

TEST_F(MeasureOneTest, ATranscriptWithoutFilesHasNoneToDownload) {
  v1::DownloadTranscriptFilesRequest request;
  request.set_name(Create(DigestSource()).name());
  const auto context = Context();
  const auto reader = transcripts_->DownloadTranscriptFiles(context.get(), request);
  v1::DownloadTranscriptFilesResponse message;
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

// The provider isn't asked, and each field that is wrong is named.
TEST_F(MeasureOneTest, WhatTheDocumentForbidsIsRefusedFieldByField) {
  v1::CreateTranscriptRequest request;
  request.set_parent(kConnection);
  *request.mutable_transcript()->add_sources() = DigestSource();
  v1::TranscriptDigest& digest =
      *request.mutable_transcript()->mutable_sources(0)->mutable_digest();
  digest.mutable_credits_earned()->set_value("-1");
  digest.mutable_cumulative_gpa()->set_value("4.5");
  digest.set_min_grade("E");
  const Failure failure = Refused(service(), &Service::CreateTranscript, request);
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(failure.bad_request.has_value());
  std::vector<std::string> fields;
  for (const auto& each : failure.bad_request->field_violations()) fields.push_back(each.field());
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("transcript.sources[0].digest.credits_earned",
                                                      "transcript.sources[0].digest.cumulative_gpa",
                                                      "transcript.sources[0].digest.min_grade"));

  v1::AcademicRecord record = Get(kDocumented, v1::TRANSCRIPT_VIEW_FULL).record();
  record.mutable_issue_date()->set_year(2999);
  deployment_.providers().ClearRequests();
  *request.mutable_transcript()->mutable_sources(0)->mutable_record() = record;
  const Failure in_the_future = Refused(service(), &Service::CreateTranscript, request);
  ASSERT_TRUE(in_the_future.bad_request.has_value());
  fields.clear();
  for (const auto& each : in_the_future.bad_request->field_violations()) {
    fields.push_back(each.field());
  }
  EXPECT_THAT(fields, Contains("transcript.sources[0].record.issue_date"));
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

}  // namespace
}  // namespace edugate::end_to_end
