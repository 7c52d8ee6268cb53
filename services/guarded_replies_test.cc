#include "services/guarded_replies.h"

#include <google/protobuf/any.pb.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "edugate/rest/v1/options.pb.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/event_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/privacy/disclosure_entry.h"
#include "runtime/privacy/disclosure_log.h"
#include "services/caller_rights.h"

namespace edugate::services {
namespace {

using privacy::v1::DATA_CLASS_EDUCATION_RECORD;
using privacy::v1::DATA_CLASS_IDENTITY;
using privacy::v1::DATA_CLASS_SECRET;
using privacy::v1::DataClass;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::shared_ptr<Grant> GrantOf(std::string name, std::set<std::string> connections,
                               const std::vector<DataClass>& visible,
                               std::set<std::string> hidden = {}) {
  auto grant = std::make_shared<Grant>();
  grant->name = std::move(name);
  grant->connections = std::move(connections);
  grant->scope = FieldScope(visible, std::move(hidden));
  return grant;
}

v1::Enrollment EnrollmentOf(const std::string& connection, int id) {
  v1::Enrollment enrollment;
  enrollment.set_name(absl::StrCat("connections/", connection, "/enrollments/", id));
  enrollment.set_provider("openapply");
  enrollment.set_status(v1::ENROLLMENT_STATUS_PENDING);
  enrollment.mutable_learner()->set_provider_id(absl::StrCat("L", id));
  enrollment.mutable_learner()->set_email("canary@example.net");
  enrollment.mutable_learner()->set_provider_status("Enrolled");
  enrollment.mutable_academic_session()->set_school_year(2027);
  return enrollment;
}

class GuardedRepliesTest : public ::testing::Test {
 protected:
  GuardedRepliesTest() {
    std::string name = ::testing::TempDir() + "guarded_XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ + "/disclosures.log";
  }
  ~GuardedRepliesTest() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }

  void KeepLog(bool required) {
    privacy::DisclosureLogOptions options;
    options.path = path_;
    auto log = privacy::DisclosureLog::Open(options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    guarded_.KeepDisclosures({.log = log_.get(), .required = required});
  }

  void Begin(absl::string_view method, std::vector<std::shared_ptr<const Grant>> grants = {}) {
    call_ = std::make_unique<async::CallContext>(
        loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    call_->set_method(method);
    call_->set_caller("jwt:app");
    call_->set_purpose("audit");
    call_->set_connection("lincoln");
    if (!grants.empty()) {
      call_->set_caller_data(std::make_shared<CallerRights>(std::move(grants)));
    }
    screen_ = guarded_.ScreenOf(*call_);
  }

  absl::Status Check(const google::protobuf::Message& request) {
    return async::BlockOn(loop_, screen_->Begin(*call_, &request));
  }

  absl::Status Reply(google::protobuf::Message& reply,
                     const google::protobuf::Message* request = nullptr) {
    redacted_.clear();
    return async::BlockOn(loop_, screen_->Reply(*call_, request, reply, &redacted_));
  }

  absl::Status End(absl::Status status, const google::protobuf::Message* request = nullptr) {
    return async::BlockOn(loop_, screen_->End(*call_, request, std::move(status)));
  }

  // The lines of calls. Closes the log.
  std::vector<std::string> Lines() {
    log_.reset();
    std::ifstream file(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      const bool own = line.find("\"kind\":\"file\"") != std::string::npos ||
                       line.find("\"kind\":\"start\"") != std::string::npos;
      if (!own) lines.push_back(line);
    }
    return lines;
  }

  async::EventLoop loop_;
  std::string folder_;
  std::string path_;
  std::unique_ptr<privacy::DisclosureLog> log_;
  GuardedReplies guarded_;
  std::unique_ptr<async::CallContext> call_;
  std::unique_ptr<CallScreen> screen_;
  std::vector<std::string> redacted_;
};

TEST_F(GuardedRepliesTest, ACallerWhoSeesEverythingHasNoScreen) {
  Begin("EnrollmentService.ListEnrollments");
  EXPECT_EQ(screen_, nullptr);
  Begin("EnrollmentService.ListEnrollments", {GrantOf("all", {"lincoln"}, {})});
  EXPECT_EQ(screen_, nullptr);
}

TEST_F(GuardedRepliesTest, HiddenAndAbsentAreToldApart) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD})});
  v1::ListEnrollmentsResponse page;
  *page.add_enrollments() = EnrollmentOf("lincoln", 1);
  page.add_enrollments()->set_name("connections/lincoln/enrollments/2");
  ASSERT_TRUE(Reply(page).ok());
  EXPECT_FALSE(page.enrollments(0).has_learner());
  EXPECT_EQ(page.enrollments(0).status(), v1::ENROLLMENT_STATUS_PENDING);
  EXPECT_THAT(page.enrollments(0).redacted_fields(), ElementsAre("learner"));
  EXPECT_THAT(page.enrollments(1).redacted_fields(), IsEmpty());
  EXPECT_THAT(redacted_, IsEmpty());
}

TEST_F(GuardedRepliesTest, EachRecordIsJudgedByItsOwnConnection) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD}),
         GrantOf("persons", {"acme"}, {DATA_CLASS_IDENTITY})});
  v1::ListEnrollmentsResponse page;
  *page.add_enrollments() = EnrollmentOf("lincoln", 1);
  *page.add_enrollments() = EnrollmentOf("acme", 2);
  ASSERT_TRUE(Reply(page).ok());
  EXPECT_THAT(page.enrollments(0).redacted_fields(), ElementsAre("learner"));
  EXPECT_THAT(page.enrollments(1).redacted_fields(),
              ElementsAre("status", "learner.provider_status"));
  EXPECT_EQ(page.enrollments(1).learner().email(), "canary@example.net");
}

TEST_F(GuardedRepliesTest, WhatOneGrantShowsTheCallerSees) {
  Begin("EnrollmentService.GetEnrollment",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD}),
         GrantOf("persons", {"lincoln"}, {DATA_CLASS_IDENTITY}, {"Learner.email"})});
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  ASSERT_TRUE(Reply(enrollment).ok());
  EXPECT_EQ(enrollment.status(), v1::ENROLLMENT_STATUS_PENDING);
  EXPECT_EQ(enrollment.learner().provider_id(), "L1");
  // The one hides all of the learner, the other what it says of an education.
  EXPECT_THAT(enrollment.redacted_fields(),
              ElementsAre("learner.email", "learner.provider_status"));
}

TEST_F(GuardedRepliesTest, WhatEachOfTwoGrantsHidesInItsOwnWayIsHidden) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("nobody", {"lincoln"}, {}, {"Enrollment.learner"}),
         GrantOf("no e-mail", {"lincoln"}, {}, {"Learner.email", "Enrollment.status"})});
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  ASSERT_TRUE(Reply(enrollment).ok());
  EXPECT_THAT(enrollment.redacted_fields(), ElementsAre("learner.email"));
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  request.set_learner("canary@example.net");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(request)));
  request.set_learner("L1");
  EXPECT_TRUE(Check(request).ok());
}

TEST_F(GuardedRepliesTest, AHiddenStudentNumberIsNotAmongTheIdentifiersEither) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("no number", {"lincoln"}, {}, {"Learner.student_number"})});
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  enrollment.mutable_learner()->set_student_number("460");
  enrollment.mutable_learner()->add_identifiers()->set_value("460");
  ASSERT_TRUE(Reply(enrollment).ok());
  EXPECT_THAT(enrollment.redacted_fields(),
              ElementsAre("learner.identifiers", "learner.student_number"));
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  request.set_learner("sis|460");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(request)));
}

TEST_F(GuardedRepliesTest, ASingleHiddenFieldTakesTheProvidersRecordWithIt) {
  Begin("EnrollmentService.GetEnrollment",
        {GrantOf("no e-mail", {"lincoln"}, {}, {"Learner.email"})});
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  rest::v1::UnknownField anything;
  anything.set_path("x");
  enrollment.mutable_provider_record()->PackFrom(anything);
  enrollment.add_unknown_fields()->set_json("\"canary\"");
  ASSERT_TRUE(Reply(enrollment).ok());
  EXPECT_EQ(enrollment.learner().provider_status(), "Enrolled");
  EXPECT_THAT(enrollment.redacted_fields(),
              ElementsAre("learner.email", "provider_record", "unknown_fields"));
  EXPECT_THAT(enrollment.SerializeAsString(), Not(HasSubstr("canary")));
}

TEST_F(GuardedRepliesTest, TheProvidersRecordIsScreenedByItsOwnClasses) {
  Begin("EnrollmentService.GetEnrollment",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD})});
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  // Any message of the process with classified fields will do.
  v1::Learner inside;
  inside.set_email("canary@example.net");
  inside.set_provider_status("Enrolled");
  enrollment.mutable_provider_record()->PackFrom(inside);
  ASSERT_TRUE(Reply(enrollment).ok());
  ASSERT_TRUE(enrollment.provider_record().UnpackTo(&inside));
  EXPECT_FALSE(inside.has_email());
  EXPECT_EQ(inside.provider_status(), "Enrolled");
  EXPECT_THAT(enrollment.redacted_fields(), ElementsAre("learner", "provider_record.email"));
}

TEST_F(GuardedRepliesTest, ARecordOfAnUnknownTypeIsHiddenWhole) {
  Begin("EnrollmentService.GetEnrollment",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD})});
  v1::Enrollment enrollment;
  enrollment.mutable_provider_record()->set_type_url("type.googleapis.com/no.such.Type");
  enrollment.mutable_provider_record()->set_value("canary");
  ASSERT_TRUE(Reply(enrollment).ok());
  EXPECT_THAT(enrollment.provider_record().value(), IsEmpty());
  EXPECT_THAT(enrollment.redacted_fields(), ElementsAre("provider_record"));
}

TEST_F(GuardedRepliesTest, NobodyFindsOutByAsking) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("persons", {"lincoln"}, {DATA_CLASS_IDENTITY})});
  for (const char* filter :
       {"provider_status = \"Pending\"", "status = PENDING", "year = 2027 AND grade_level = \"9\"",
        "class_id = 7", "class_name = \"x\"", "decision_date = \"2027-01-31\"", "no_such = 1"}) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/lincoln");
    request.set_filter(filter);
    const absl::Status refused = Check(request);
    EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_CALLER_DENIED) << filter;
    EXPECT_TRUE(absl::IsPermissionDenied(refused)) << filter;
    EXPECT_EQ(errors::MetadataOf(refused).count("field"), 1u) << filter;
  }
  v1::ListEnrollmentsRequest ordered;
  ordered.set_parent("connections/lincoln");
  ordered.set_order_by("create_time, provider_status desc");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(ordered)));
  ordered.set_order_by("create_time desc");
  ordered.set_filter("year = 2027 AND create_time > \"2027-01-01T00:00:00Z\"");
  ordered.set_learner("L1");
  EXPECT_TRUE(Check(ordered).ok()) << Check(ordered);
  v1::StreamEnrollmentsRequest stream;
  stream.set_parent("connections/lincoln");
  stream.set_filter("provider_status = \"Pending\"");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(stream)));
}

TEST_F(GuardedRepliesTest, NobodySelectsByAnIdThatIsHidden) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD})});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  request.set_filter("provider_status = \"Pending\"");
  EXPECT_TRUE(Check(request).ok());
  request.set_learner("L1");
  const absl::Status refused = Check(request);
  EXPECT_TRUE(absl::IsPermissionDenied(refused));
  EXPECT_EQ(errors::MetadataOf(refused)["field"], "ListEnrollmentsRequest.learner");
  v1::RevokeLicensesRequest revoke;
  revoke.set_name("connections/lincoln/subscriptionPlans/p");
  revoke.set_email_contains("@example.net");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(revoke)));
}

TEST_F(GuardedRepliesTest, ALearnerIsNotFoundByASingleFieldThatIsHidden) {
  struct Case {
    const char* hidden;
    const char* parent;
    const char* refused;
    const char* allowed;
  };
  for (const Case& each :
       {Case{"Learner.email", "connections/lincoln", "canary@example.net", "L1"},
        Case{"Learner.email", "connections/-", "canary@example.net", "lincoln:L1"},
        Case{"Learner.identifiers", "connections/lincoln", "sis|460", "canary@example.net"},
        Case{"Learner.provider_id", "connections/lincoln", "L1", "sis|460"},
        Case{"Learner.provider_id", "connections/-", "lincoln:L1", "sis|460"}}) {
    Begin("EnrollmentService.ListEnrollments", {GrantOf("narrow", {"lincoln"}, {}, {each.hidden})});
    v1::ListEnrollmentsRequest request;
    request.set_parent(each.parent);
    request.set_learner(each.refused);
    const absl::Status refused = Check(request);
    EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_CALLER_DENIED) << each.refused;
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr(each.refused)));
    request.set_learner(each.allowed);
    EXPECT_TRUE(Check(request).ok()) << each.allowed;
    v1::StreamEnrollmentsRequest stream;
    stream.set_parent(each.parent);
    stream.set_learner(each.refused);
    EXPECT_TRUE(absl::IsPermissionDenied(Check(stream))) << each.refused;
  }
}

TEST_F(GuardedRepliesTest, LicensesAreNotFoundByAnAddressThatIsHiddenAsASingleField) {
  for (const char* hidden : {"License.learner_email", "LicenseResult.learner_email"}) {
    Begin("LicenseService.RevokeLicenses", {GrantOf("narrow", {"lincoln"}, {}, {hidden})});
    v1::RevokeLicensesRequest revoke;
    revoke.set_name("connections/lincoln/subscriptionPlans/p");
    revoke.add_statuses(v1::LICENSE_STATUS_ASSIGNED);
    EXPECT_TRUE(Check(revoke).ok());
    revoke.set_email_contains("@example.net");
    EXPECT_EQ(errors::ReasonOf(Check(revoke)), v1::ERROR_REASON_CALLER_DENIED) << hidden;
  }
}

TEST_F(GuardedRepliesTest, LicensesAreNotFoundByAStateThatIsHidden) {
  v1::RevokeLicensesRequest revoke;
  revoke.set_name("connections/lincoln/subscriptionPlans/p");
  revoke.add_learner_emails("canary@example.net");
  Begin("LicenseService.RevokeLicenses", {GrantOf("persons", {"lincoln"}, {DATA_CLASS_IDENTITY})});
  EXPECT_TRUE(Check(revoke).ok());
  revoke.clear_learner_emails();
  revoke.add_statuses(v1::LICENSE_STATUS_ASSIGNED);
  EXPECT_EQ(errors::ReasonOf(Check(revoke)), v1::ERROR_REASON_CALLER_DENIED);
  for (const char* hidden :
       {"License.status", "License.previous_status", "LicenseResult.license"}) {
    Begin("LicenseService.RevokeLicenses", {GrantOf("no states", {"lincoln"}, {}, {hidden})});
    EXPECT_EQ(errors::ReasonOf(Check(revoke)), v1::ERROR_REASON_CALLER_DENIED) << hidden;
  }
  Begin("LicenseService.RevokeLicenses",
        {GrantOf("no providers", {"lincoln"}, {}, {"License.provider"})});
  EXPECT_TRUE(Check(revoke).ok());
}

TEST_F(GuardedRepliesTest, AcrossConnectionsTheNarrowestGrantDecidesWhatMayBeAsked) {
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("all", {"lincoln"}, {}), GrantOf("persons", {"acme"}, {DATA_CLASS_IDENTITY})});
  v1::ListEnrollmentsRequest request;
  request.set_filter("provider_status = \"Pending\"");
  request.set_parent("connections/lincoln");
  EXPECT_TRUE(Check(request).ok());
  request.set_parent("connections/-");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(request)));
}

TEST_F(GuardedRepliesTest, AFileIsNotGivenInPart) {
  Begin("TranscriptService.DownloadTranscriptFiles",
        {GrantOf("persons", {"lincoln"}, {DATA_CLASS_IDENTITY, DATA_CLASS_SECRET})});
  v1::DownloadTranscriptFilesRequest request;
  request.set_name("connections/lincoln/transcripts/t");
  EXPECT_TRUE(absl::IsPermissionDenied(Check(request)));
  v1::DownloadTranscriptFilesResponse reply;
  reply.set_chunk("canary");
  EXPECT_TRUE(absl::IsPermissionDenied(Reply(reply)));
}

TEST_F(GuardedRepliesTest, AReadIsOneLineWithWhoWhatAndWhatFor) {
  KeepLog(true);
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD})});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  ASSERT_TRUE(Check(request).ok());
  v1::ListEnrollmentsResponse page;
  for (int id : {1, 2}) *page.add_enrollments() = EnrollmentOf("lincoln", id);
  ASSERT_TRUE(Reply(page, &request).ok());
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr(R"("kind":"read","caller":"jwt:app","grants":["records"],)"
                                  R"("method":"EnrollmentService.ListEnrollments",)"
                                  R"("connection":"lincoln","purpose":"audit","outcome":"OK",)"
                                  R"("message":"edugate.v1.ListEnrollmentsResponse","disclosed":[)"
                                  // The learner is known to the log, and was not to the caller.
                                  R"({"records":[{"name":"connections/lincoln/enrollments/1",)"
                                  R"("learner":"L1"},{"name":"connections/lincoln/enrollments/2",)"
                                  R"("learner":"L2"}],"fields":["status","academic_session"],)"
                                  R"("redacted":["learner"]}])"));
  EXPECT_THAT(lines[0], Not(HasSubstr("canary")));
}

TEST_F(GuardedRepliesTest, WhoseARecordIsIsLoggedWhateverTheCallerWantsOfIt) {
  KeepLog(true);
  Begin("EnrollmentService.ListEnrollments");
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  request.mutable_read_mask()->add_paths("status");
  ASSERT_TRUE(Check(request).ok());
  v1::ListEnrollmentsResponse page;
  *page.add_enrollments() = EnrollmentOf("lincoln", 1);
  ASSERT_TRUE(Reply(page, &request).ok());
  EXPECT_EQ(page.enrollments(0).status(), v1::ENROLLMENT_STATUS_PENDING);
  EXPECT_EQ(page.enrollments(0).name(), "");
  EXPECT_FALSE(page.enrollments(0).has_learner());
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr(R"({"records":[{"name":"connections/lincoln/enrollments/1",)"
                                    R"("learner":"L1"}],"fields":["status"]})")));
}

TEST_F(GuardedRepliesTest, ARecordIsJudgedByItsConnectionWhateverTheCallerWantsOfIt) {
  Begin("EnrollmentService.StreamEnrollments",
        {GrantOf("records", {"lincoln"}, {DATA_CLASS_EDUCATION_RECORD}),
         GrantOf("persons", {"acme"}, {DATA_CLASS_IDENTITY})});
  call_->set_connection("-");
  v1::StreamEnrollmentsRequest request;
  request.mutable_read_mask()->add_paths("learner.provider_id");
  v1::Enrollment hidden = EnrollmentOf("lincoln", 1);
  ASSERT_TRUE(Reply(hidden, &request).ok());
  EXPECT_FALSE(hidden.has_learner());
  EXPECT_THAT(hidden.redacted_fields(), ElementsAre("learner"));
  v1::Enrollment shown = EnrollmentOf("acme", 2);
  ASSERT_TRUE(Reply(shown, &request).ok());
  EXPECT_EQ(shown.learner().provider_id(), "L2");
  EXPECT_FALSE(shown.learner().has_email());
  EXPECT_THAT(shown.redacted_fields(), IsEmpty());
}

TEST_F(GuardedRepliesTest, AcrossConnectionsEveryGrantIsNamed) {
  KeepLog(false);
  Begin("EnrollmentService.ListEnrollments",
        {GrantOf("lincoln's", {"lincoln"}, {}), GrantOf("acme's", {"acme"}, {})});
  call_->set_connection("-");
  v1::ListEnrollmentsResponse page;
  *page.add_enrollments() = EnrollmentOf("acme", 1);
  ASSERT_TRUE(Reply(page).ok());
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr(R"("grants":["lincoln's","acme's"])")));
}

TEST_F(GuardedRepliesTest, WhatSaysNothingOfPersonsIsNotLogged) {
  KeepLog(true);
  Begin("CatalogService.ListCatalogs");
  v1::ListCatalogsResponse page;
  page.add_catalogs()->set_name("connections/lincoln/catalogs/1");
  ASSERT_TRUE(Reply(page).ok());
  ASSERT_TRUE(End(absl::OkStatus()).ok());
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(GuardedRepliesTest, AWriteIsLoggedBeforeTheProviderIsCalledAndAfter) {
  KeepLog(true);
  Begin("EnrollmentService.BulkEnroll");
  v1::BulkEnrollRequest request;
  request.set_parent("connections/lincoln");
  request.add_learner_emails("Canary@Example.net");
  request.set_request_id("r-1");
  ASSERT_TRUE(Check(request).ok());
  v1::BulkEnrollResponse reply;
  reply.set_job_id("j");
  ASSERT_TRUE(Reply(reply, &request).ok());
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("\"kind\":\"write\""));
  EXPECT_THAT(lines[0], HasSubstr("\"request_id\":\"r-1\""));
  // SHA-256 of canary@example.net.
  EXPECT_THAT(lines[0], HasSubstr(absl::StrCat("\"email_sha256\":\"",
                                               privacy::Chain("").HashOf("canary@example.net"))));
  EXPECT_THAT(lines[0], Not(HasSubstr("anary@")));
  EXPECT_THAT(lines[1], HasSubstr("\"kind\":\"outcome\""));
  EXPECT_THAT(lines[1], HasSubstr("\"outcome\":\"OK\""));
}

TEST_F(GuardedRepliesTest, AWritesFirstLineNamesItsConnectionAndTheGrantsThere) {
  KeepLog(false);
  Begin("EnrollmentService.UpdateEnrollment",
        {GrantOf("here", {"lincoln"}, {}), GrantOf("there", {"acme"}, {})});
  call_->set_connection("");  // as before the handler
  v1::BulkEnrollRequest enroll;
  enroll.set_parent("connections/lincoln");
  ASSERT_TRUE(Check(enroll).ok());
  v1::UpdateEnrollmentRequest update;
  update.mutable_enrollment()->set_name("connections/lincoln/enrollments/1");
  ASSERT_TRUE(Check(update).ok());
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(2));
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr("\"connection\":\"lincoln\""));
    EXPECT_THAT(line, HasSubstr("here"));
    EXPECT_THAT(line, Not(HasSubstr("there")));
  }
}

TEST_F(GuardedRepliesTest, EverybodyInALargeWriteAndItsReplyIsNamed) {
  constexpr int kPeople = static_cast<int>(privacy::kMaxRecords) + 500;
  KeepLog(true);
  Begin("LicenseService.RevokeLicenses");
  v1::RevokeLicensesRequest request;
  request.set_name("connections/lincoln/subscriptionPlans/p");
  v1::RevokeLicensesResponse reply;
  for (int i = 0; i < kPeople; ++i) {
    request.add_learner_emails(absl::StrCat("p", i, "@example.net"));
    reply.add_results()->set_learner_email(absl::StrCat("p", i, "@example.net"));
  }
  ASSERT_TRUE(Check(request).ok());
  ASSERT_TRUE(Reply(reply, &request).ok());
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(4));
  const std::string last =
      privacy::Chain("").HashOf(absl::StrCat("p", kPeople - 1, "@example.net"));
  EXPECT_THAT(lines[0], HasSubstr("\"kind\":\"write\""));
  EXPECT_THAT(lines[1], HasSubstr("\"kind\":\"write\""));
  EXPECT_THAT(lines[1], HasSubstr(last));
  EXPECT_THAT(lines[3], HasSubstr("\"kind\":\"outcome\""));
  EXPECT_THAT(lines[3], HasSubstr(last));
}

TEST_F(GuardedRepliesTest, AWriteThatFailsIsLoggedWithItsCode) {
  KeepLog(true);
  Begin("EnrollmentService.BulkEnroll");
  v1::BulkEnrollRequest request;
  request.set_parent("connections/lincoln");
  ASSERT_TRUE(Check(request).ok());
  EXPECT_TRUE(absl::IsAborted(End(absl::AbortedError("x"), &request)));
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr("\"kind\":\"write\""), HasSubstr("\"outcome\":\"ABORTED\"")));
}

TEST_F(GuardedRepliesTest, ATrialOfAWriteIsNone) {
  KeepLog(true);
  Begin("EnrollmentService.BulkEnroll");
  v1::BulkEnrollRequest request;
  request.set_validate_only(true);
  ASSERT_TRUE(Check(request).ok());
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(GuardedRepliesTest, AStreamsRecordsShareLines) {
  KeepLog(false);
  Begin("EnrollmentService.StreamEnrollments");
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  ASSERT_TRUE(Check(request).ok());
  for (int id = 0; id < 250; ++id) {
    v1::Enrollment enrollment = EnrollmentOf("lincoln", id);
    ASSERT_TRUE(Reply(enrollment, &request).ok());
  }
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[2], HasSubstr("/249\""));
  EXPECT_THAT(lines[2], HasSubstr("/200\""));
  EXPECT_THAT(lines[2], Not(HasSubstr("/199\"")));
}

TEST_F(GuardedRepliesTest, ARequiredLogAnnouncesAStream) {
  KeepLog(true);
  Begin("EnrollmentService.StreamEnrollments");
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  ASSERT_TRUE(Check(request).ok());
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  ASSERT_TRUE(Reply(enrollment, &request).ok());
  // What was sent before a failure was disclosed all the same.
  EXPECT_TRUE(absl::IsUnavailable(End(absl::UnavailableError("x"), &request)));
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("\"disclosed\":[{\"records\":[{\"name\":"
                                             "\"connections/lincoln\"}]"),
                                   HasSubstr("\"outcome\":\"UNAVAILABLE\"")));
}

TEST_F(GuardedRepliesTest, AStreamOfTheCatalogIsNotAnnounced) {
  KeepLog(true);
  Begin("CatalogService.StreamCatalogItems");
  v1::StreamCatalogItemsRequest request;
  ASSERT_TRUE(Check(request).ok());
  v1::CatalogItem item;
  item.mutable_course()->set_title("x");
  ASSERT_TRUE(Reply(item, &request).ok());
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(GuardedRepliesTest, EventsAreLoggedOneByOne) {
  KeepLog(false);
  Begin("TranscriptService.WatchTranscriptEvents");
  for (int i = 0; i < 2; ++i) {
    v1::TranscriptEvent event;
    event.set_transcript("connections/lincoln/transcripts/t");
    event.set_external_id("P1");
    ASSERT_TRUE(Reply(event).ok());
  }
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr("\"learner\":\"P1\""), HasSubstr("\"learner\":\"P1\"")));
}

TEST_F(GuardedRepliesTest, AFileIsOneLine) {
  KeepLog(false);
  Begin("TranscriptService.DownloadTranscriptFiles");
  v1::DownloadTranscriptFilesRequest request;
  request.set_name("connections/lincoln/transcripts/t");
  ASSERT_TRUE(Check(request).ok());
  v1::DownloadTranscriptFilesResponse info;
  info.mutable_info()->set_file_name("t.zip");
  ASSERT_TRUE(Reply(info, &request).ok());
  for (int i = 0; i < 3; ++i) {
    v1::DownloadTranscriptFilesResponse chunk;
    chunk.set_chunk("bytes");
    ASSERT_TRUE(Reply(chunk, &request).ok());
  }
  ASSERT_TRUE(End(absl::OkStatus(), &request).ok());
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("connections/lincoln/transcripts/t")));
}

TEST_F(GuardedRepliesTest, AFileThatANativeCallGetsIsALine) {
  KeepLog(true);
  Begin("MeasureOneV2.GetTranscriptFiles");
  google::api::HttpBody file;
  file.set_content_type("application/zip");
  file.set_data("canary");
  ASSERT_TRUE(Reply(file).ok());
  ASSERT_TRUE(End(absl::OkStatus()).ok());
  EXPECT_EQ(file.data(), "canary");
  EXPECT_THAT(Lines(), ElementsAre(AllOf(HasSubstr(R"("message":"google.api.HttpBody")"),
                                         HasSubstr(R"("records":[{"name":"connections/lincoln"}])"),
                                         HasSubstr(R"("fields":["content_type","data"])"),
                                         Not(HasSubstr("canary")))));
}

// Replaces the log by one that takes no line.
TEST_F(GuardedRepliesTest, ARequiredLogThatFailsRefusesReadsAndWrites) {
  privacy::DisclosureLogOptions options;
  options.path = path_;
  options.max_waiting_lines = 0;
  auto log = privacy::DisclosureLog::Open(options);
  ASSERT_TRUE(log.ok());
  log_ = *std::move(log);
  v1::BulkEnrollRequest write;
  v1::Enrollment enrollment = EnrollmentOf("lincoln", 1);
  guarded_.KeepDisclosures({.log = log_.get(), .required = true});
  Begin("EnrollmentService.BulkEnroll");
  EXPECT_EQ(errors::ReasonOf(Check(write)), v1::ERROR_REASON_STORE_UNAVAILABLE);
  Begin("EnrollmentService.GetEnrollment");
  EXPECT_EQ(errors::ReasonOf(Reply(enrollment)), v1::ERROR_REASON_STORE_UNAVAILABLE);
  guarded_.KeepDisclosures({.log = log_.get(), .required = false});
  Begin("EnrollmentService.BulkEnroll");
  EXPECT_TRUE(Check(write).ok());
  Begin("EnrollmentService.GetEnrollment");
  EXPECT_TRUE(Reply(enrollment).ok());
  EXPECT_EQ(log_->counts().lost, 4);
}

}  // namespace
}  // namespace edugate::services
