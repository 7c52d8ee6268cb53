// Nothing that is secret or somebody's own leaves by a side door: values that occur nowhere else go
// through every kind of call, by the caller and from the providers, and are then searched in what
// the process printed, in its metrics and in every status that a caller got.

#include <httplib.h>

#include <csignal>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "edugate/v1/assignment_service.grpc.pb.h"
#include "edugate/v1/catalog_service.grpc.pb.h"
#include "edugate/v1/license_service.grpc.pb.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

constexpr char kFirstName[] = "Canaryfirst";
constexpr char kLastName[] = "Canarylast";
constexpr char kMail[] = "canary.mail@example.org";
// No address, so that providers complain about it.
constexpr char kNoMail[] = "canary.no.mail";
constexpr char kSsn[] = "987-65-4329";
constexpr char kUser[] = "canary-user";
constexpr char kPassword[] = "canary-password";
constexpr char kMfaToken[] = "canary-mfa-token";
constexpr char kBearer[] = "canary-bearer";
// In every credential of the sandbox.
constexpr char kCredential[] = "not-a-secret";
constexpr const char* kCanaries[] = {kFirstName, kLastName, kMail,     kNoMail, kSsn,
                                     kUser,      kPassword, kMfaToken, kBearer, kCredential};

constexpr char kDocumented[] = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2";
constexpr char kPlans[] = "connections/edx/subscriptionPlans/";

// What a careless provider writes into its errors.
std::string TellTale() {
  return absl::StrCat("no account of ", kFirstName, " ", kLastName, " <", kMail, ">, ", kSsn,
                      ", with ", kPassword, " and Bearer ", kBearer);
}

std::string ConfigOf(const sandbox::Sandbox& sandbox) {
  const std::string yaml = ConfigFor(
      sandbox,
      absl::StrCat("  - id: m1\n    provider: measureone\n    base_url: {url}/measureone\n"
                   "    auth: { bearer: { value: ",
                   sandbox::kMeasureOneKey, " } }\n    webhook: { secrets: [ { value: \"",
                   sandbox::kMeasureOneWebhookSecret,
                   "\" } ] }\n"
                   "  - id: edx\n    provider: edx_enterprise\n"
                   "    base_url: {url}/edx_enterprise\n"
                   "    auth: { oauth2_client: { token_url: "
                   "\"{url}/edx_enterprise/oauth2/v1/access_token\", client_id: { value: ",
                   sandbox::kEdxClientId, " }, client_secret: { value: ", sandbox::kEdxClientSecret,
                   " } } }\n    options: { enterprise_customer_uuid: "
                   "904b1785-9d3a-1000-848d-6ae7a56e6355 }\n"
                   "log: { level: debug }\n"));
  return absl::StrReplaceAll(
      yaml, {{"  insecure: true\n", "  insecure: true\n  admin_listen: 127.0.0.1:0\n"}});
}

class CanaryTest : public ::testing::Test {
 protected:
  CanaryTest() : sandbox_(*sandbox::Sandbox::Start({})) {
    const std::string file = folder_.Write("edugate.yaml", ConfigOf(*sandbox_));
    process_ = Process::Start({EDUGATE_PROGRAM, "serve", "--config", file});
    const std::string address = process_->AwaitLine("edugate: listening on ");
    admin_address_ = process_->AwaitLine("edugate: admin on ");
    const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    assignments_ = v1::AssignmentService::NewStub(channel);
    enrollments_ = v1::EnrollmentService::NewStub(channel);
    licenses_ = v1::LicenseService::NewStub(channel);
    transcripts_ = v1::TranscriptService::NewStub(channel);
  }

  // Makes a call and keeps what is told of its failure.
  template <typename Reply, typename Stub, typename Request>
  Reply Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
             const Request& request) {
    const auto context = Context();
    context->AddMetadata("authorization", absl::StrCat("Bearer ", kBearer));
    Reply reply;
    const grpc::Status status = (stub.*method)(context.get(), request, &reply);
    Note(status, *context);
    return reply;
  }

  void Note(const grpc::Status& status, const grpc::ClientContext& context) {
    if (status.ok()) return;
    statuses_.push_back(FailureOf(status, context).bytes);
  }

  // What must hold no canary, with a word for where it was found.
  void Search(absl::string_view where, absl::string_view text) {
    for (const char* canary : kCanaries) {
      EXPECT_FALSE(absl::StrContains(text, canary)) << canary << " in " << where << ": " << text;
    }
  }

  void ReadAndWriteTranscripts();
  void LogInAtSchools();
  void GiveLicensesAndAssignments();
  void MeetCarelessProviders();
  void SendWebhooks();

  TemporaryFolder folder_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<Process> process_;
  std::string admin_address_;
  std::unique_ptr<v1::AssignmentService::StubInterface> assignments_;
  std::unique_ptr<v1::EnrollmentService::StubInterface> enrollments_;
  std::unique_ptr<v1::LicenseService::StubInterface> licenses_;
  std::unique_ptr<v1::TranscriptService::StubInterface> transcripts_;
  std::vector<std::string> statuses_;
};

void CanaryTest::ReadAndWriteTranscripts() {
  using Service = v1::TranscriptService::StubInterface;
  v1::GetTranscriptRequest get;
  get.set_name(kDocumented);
  get.set_view(v1::TRANSCRIPT_VIEW_FULL);
  v1::CreateTranscriptRequest create;
  create.set_parent("connections/m1");
  create.mutable_transcript()->set_external_id(kMail);
  v1::AcademicRecord& record = *create.mutable_transcript()->add_sources()->mutable_record();
  record = Call(*transcripts_, &Service::GetTranscript, get).record();
  v1::TranscriptStudent& student = *record.mutable_student();
  student.set_national_id(kSsn);
  student.set_email(kMail);
  student.mutable_person_name()->set_given_name(kFirstName);
  student.mutable_person_name()->set_family_name(kLastName);
  const auto created = Call(*transcripts_, &Service::CreateTranscript, create);
  // The values do go through.
  get.set_name(created.name());
  const auto read = Call(*transcripts_, &Service::GetTranscript, get);
  EXPECT_EQ(read.record().student().national_id(), kSsn);
  EXPECT_EQ(read.record().student().person_name().family_name(), kLastName);

  record.mutable_issue_date()->set_year(2999);
  student.mutable_birth_date()->set_year(2999);
  Call(*transcripts_, &Service::CreateTranscript, create);
  create.mutable_transcript()->mutable_sources(0)->mutable_digest()->set_min_grade(kLastName);
  Call(*transcripts_, &Service::CreateTranscript, create);
  v1::SourceDocument& document =
      *create.mutable_transcript()->mutable_sources(0)->mutable_document();
  document.set_uri(absl::StrCat("https://", kUser, ":", kPassword, "@school.example/", kMail));
  document.set_media_type(kLastName);
  document.set_http_method(kLastName);
  (*document.mutable_http_headers())["Authorization"] = absl::StrCat("Bearer ", kBearer, "\n");
  document.set_http_body(kPassword);
  Call(*transcripts_, &Service::CreateTranscript, create);

  v1::VerifyEnrollmentRequest verify;
  verify.set_parent("connections/m1");
  (*verify.mutable_metadata()->mutable_fields())["ssn"].set_string_value(kSsn);
  for (const char* report : {"dr_unprocessable", "dr_none", ""}) {
    verify.set_data_request(report);
    Call(*enrollments_, &v1::EnrollmentService::StubInterface::VerifyEnrollment, verify);
  }

  const auto context = Context();
  v1::UploadTranscriptFilesResponse response;
  const auto writer = transcripts_->UploadTranscriptFiles(context.get(), &response);
  v1::UploadTranscriptFilesRequest message;
  message.mutable_header()->set_parent("connections/m1");
  message.mutable_header()->set_file_name(absl::StrCat(kLastName, "/", kSsn, ".exe"));
  message.mutable_header()->set_media_type(kLastName);
  writer->Write(message);
  writer->WritesDone();
  Note(writer->Finish(), *context);
}

void CanaryTest::LogInAtSchools() {
  using Service = v1::TranscriptService::StubInterface;
  v1::StartTranscriptAccessRequest start;
  start.set_parent("connections/m1");
  start.set_username(kUser);
  start.set_external_id(kMail);
  start.set_school("connections/m1/schools/sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz");
  // The sandbox refuses this password.
  start.set_password("wrong");
  Call(*transcripts_, &Service::StartTranscriptAccess, start);
  start.set_password(kPassword);
  start.set_request_id("login-1");
  const auto session = Call(*transcripts_, &Service::StartTranscriptAccess, start);
  EXPECT_EQ(session.state(), v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED);
  start.set_school("connections/m1/schools/another");
  Call(*transcripts_, &Service::StartTranscriptAccess, start);
  start.clear_request_id();
  Call(*transcripts_, &Service::StartTranscriptAccess, start);

  v1::SubmitTranscriptAccessMfaRequest code;
  code.set_name(session.name());
  code.set_mfa_token(kMfaToken);
  Call(*transcripts_, &Service::SubmitTranscriptAccessMfa, code);
  code.set_name("connections/m1/transcriptAccessSessions/none");
  Call(*transcripts_, &Service::SubmitTranscriptAccessMfa, code);
}

void CanaryTest::GiveLicensesAndAssignments() {
  using Licenses = v1::LicenseService::StubInterface;
  v1::AssignLicensesRequest assign;
  assign.add_learner_emails(kMail);
  assign.set_name(absl::StrCat(kPlans, "104b1785-1d3a-1000-148d-1ae7a56e6355"));
  EXPECT_EQ(Call(*licenses_, &Licenses::AssignLicenses, assign).assigned_count(), 1);
  for (const char* plan : {"plan-locked", "plan-timeout", "plan-database", "plan-none"}) {
    assign.set_name(absl::StrCat(kPlans, plan));
    Call(*licenses_, &Licenses::AssignLicenses, assign);
  }
  assign.set_name(absl::StrCat(kPlans, "104b1785-1d3a-1000-148d-1ae7a56e6355"));
  assign.add_learner_emails(kNoMail);
  Call(*licenses_, &Licenses::AssignLicenses, assign);
  v1::RevokeLicensesRequest revoke;
  revoke.set_name(absl::StrCat(kPlans, "plan-none"));
  revoke.set_email_contains(kNoMail);
  Call(*licenses_, &Licenses::RevokeLicenses, revoke);

  using Assignments = v1::AssignmentService::StubInterface;
  v1::AllocateAssignmentsRequest allocate;
  allocate.add_learner_emails(kMail);
  allocate.set_content_key("SandX+C001");
  allocate.set_content_price_cents(100);
  for (const char* policy : {"policy-locked", "policy-refuses", "policy-none"}) {
    allocate.set_parent(absl::StrCat("connections/edx/policies/", policy));
    Call(*assignments_, &Assignments::AllocateAssignments, allocate);
  }
  allocate.add_learner_emails(kNoMail);
  Call(*assignments_, &Assignments::AllocateAssignments, allocate);

  v1::BulkEnrollRequest enroll;
  enroll.set_parent("connections/edx");
  enroll.add_course_run_keys("course-v1:SandX+C001+1T2027");
  enroll.add_learner_emails(kNoMail);
  Call(*enrollments_, &v1::EnrollmentService::StubInterface::BulkEnroll, enroll);
  for (int i = 0; i < 2000; ++i) enroll.add_learner_emails(absl::StrCat(i, kMail));
  Call(*enrollments_, &v1::EnrollmentService::StubInterface::BulkEnroll, enroll);
}

// Errors, replies that can't be read and tokens that aren't given, each full of what isn't to tell.
void CanaryTest::MeetCarelessProviders() {
  using Service = v1::EnrollmentService::StubInterface;
  const std::string told = TellTale();
  const std::vector<std::pair<int, std::string>> answers = {
      {400, absl::StrCat(R"({"error":")", told, R"("})")},
      {401, absl::StrCat(R"({"error":")", told, R"("})")},
      {403, absl::StrCat(R"({"detail":")", told, R"("})")},
      {404, absl::StrCat(R"({"error_code":"NOT_FOUND","error_message":")", told, R"("})")},
      {409, absl::StrCat(R"({"message":")", told, R"("})")},
      {422, absl::StrCat("\"", told, "\"")},
      {500, absl::StrCat("<html><title>", told, "</title></html>")},
      {200, absl::StrCat("<html><title>", told, "</title></html>")},
      {200, absl::StrCat(R"({"reenrollments":[{"id":")", told, R"("}],")", told, R"(":1)")},
      {200, absl::StrCat(R"({"Status":10,"Error":")", told, R"("})")},
      {200, absl::StrCat(R"({"results":")", told, R"("})")},
  };
  for (const char* connection : {"oa", "tms", "edx", "-"}) {
    for (const auto& [status, body] : answers) {
      sandbox_->ClearFaults();
      sandbox_->AddFault(
          {.count = -1,
           .status = status,
           .body = body,
           .content_type = absl::StartsWith(body, "<") ? "text/html" : "application/json"});
      v1::ListEnrollmentsRequest list;
      list.set_parent(absl::StrCat("connections/", connection));
      list.set_page_size(5);
      const auto page = Call(*enrollments_, &Service::ListEnrollments, list);
      // A connection that failed in a list across connections is told of in the reply.
      for (const auto& each : page.unreachable_details()) {
        statuses_.push_back(each.ShortDebugString());
      }
    }
  }
  sandbox_->ClearFaults();
  v1::ListEnrollmentsRequest list;
  list.set_parent("connections/oa");
  list.set_page_token(kBearer);
  Call(*enrollments_, &Service::ListEnrollments, list);
}

void CanaryTest::SendWebhooks() {
  httplib::Client client("http://" + admin_address_);
  const std::string event = absl::StrCat(R"({"transcript_id":"trc_1","external_id":")", kMail,
                                         R"(","event":"transcript.processed"})");
  const auto wrong =
      client.Post("/webhooks/m1", {{"Authorization", kBearer}}, event, "application/json");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->status, 401);
  const httplib::Headers right = {{"Authorization", sandbox::kMeasureOneWebhookSecret}};
  const auto kept = client.Post("/webhooks/m1", right, event, "application/json");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->status, 200);
  const auto unreadable = client.Post("/webhooks/m1", right, TellTale(), "application/json");
  ASSERT_TRUE(unreadable);
  EXPECT_EQ(unreadable->status, 400);
  Search("an answer to a webhook", wrong->body + kept->body + unreadable->body);
}

TEST_F(CanaryTest, NoCredentialAndNobodysDataIsLoggedMeasuredOrToldInAStatus) {
  ReadAndWriteTranscripts();
  LogInAtSchools();
  GiveLicensesAndAssignments();
  MeetCarelessProviders();
  SendWebhooks();

  EXPECT_GT(statuses_.size(), 60u);
  std::string all;
  for (const std::string& each : statuses_) {
    Search("a status", each);
    all += each;
  }
  // What was searched is text: the details' words are found.
  for (const char* word : {"PROVIDER_RESPONSE_INVALID", "PROVIDER_CREDENTIALS_INVALID",
                           "transcript.sources[0].digest.min_grade"}) {
    EXPECT_TRUE(absl::StrContains(all, word)) << word;
  }
  const auto metrics = httplib::Client("http://" + admin_address_).Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_TRUE(absl::StrContains(metrics->body, "edugate_"));
  Search("the metrics", metrics->body);
  process_->Signal(SIGTERM);
  const Ended ended = process_->Wait();
  EXPECT_EQ(ended.exit_code, 0);
  Search("standard output", ended.out);
  Search("standard error", ended.err);
  std::printf("%zu statuses, %zu bytes of metrics and %zu of output searched\n", statuses_.size(),
              metrics->body.size(), ended.out.size() + ended.err.size());
}

}  // namespace
}  // namespace edugate::end_to_end
