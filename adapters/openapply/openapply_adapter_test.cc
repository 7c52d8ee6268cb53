#include "adapters/openapply/openapply_adapter.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/openapply/openapply_mapping.h"
#include "adapters/testing/adapter_fixture.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using testing::FileText;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kList[] = "/api/v3/reenrollments";
constexpr char kTestdata[] = "adapters/openapply/testdata/";

class OpenApplyAdapterTest : public testing::AdapterFixture<OpenApplyAdapter> {
 protected:
  OpenApplyAdapterTest() : AdapterFixture("openapply") {}

  static EnrollmentQuery Query(const std::string& cursor = "", int32_t size_hint = 0) {
    EnrollmentQuery query;
    query.parent = {"conn", {}};
    query.cursor = cursor;
    query.size_hint = size_hint;
    return query;
  }

  static EnrollmentQuery Filtered(const std::string& filter, const std::string& learner = "") {
    EnrollmentQuery query = Query();
    query.learner = learner;
    auto parsed = ParseFilter(filter);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    query.filter = *std::move(parsed);
    return query;
  }

  absl::StatusOr<testing::WholePage<v1::Enrollment>> List(const EnrollmentQuery& query) {
    return Run(ports_.list_enrollments, query);
  }

  // The filter as the service checks it, then what OpenApply is asked.
  void ExpectQuery(const std::string& filter, const std::string& query) {
    SCOPED_TRACE(filter);
    const EnrollmentQuery filtered = Filtered(filter);
    EXPECT_TRUE(CheckFilter(filtered.filter, ports_.list_enrollments_traits.filters).ok());
    Expect("GET", absl::StrCat(kList, "?page=1&per_page=200", query), 200,
           R"({"reenrollments": []})");
    const auto page = List(filtered);
    EXPECT_TRUE(page.ok()) << page.status();
  }

  absl::StatusOr<v1::Enrollment> Update(const v1::Enrollment& enrollment,
                                        const std::vector<std::string>& paths,
                                        bool validate_only = false) {
    EnrollmentUpdate update;
    update.name = {"conn", {"59"}};
    update.enrollment = enrollment;
    update.paths = paths;
    update.validate_only = validate_only;
    return Run(ports_.update_enrollment, update);
  }
};

// A page of reenrollments with these ids.
std::string Page(const std::vector<int>& ids, const std::string& meta) {
  const std::string records = absl::StrJoin(
      ids, ",", [](std::string* out, int id) { absl::StrAppend(out, R"({"id": )", id, "}"); });
  return absl::StrCat(R"({"reenrollments": [)", records, "]", meta.empty() ? "" : R"(, "meta": )",
                      meta, "}");
}

std::vector<std::string> Ids(const testing::WholePage<v1::Enrollment>& page) {
  std::vector<std::string> ids;
  for (const v1::Enrollment& each : page.records) ids.push_back(each.provider_id());
  return ids;
}

TEST_F(OpenApplyAdapterTest, OffersWhatOpenApplyHasAndNothingElse) {
  EXPECT_TRUE(ports_.probe && ports_.list_enrollments && ports_.update_enrollment);
  EXPECT_FALSE(ports_.get_enrollment || ports_.bulk_enroll || ports_.verify_enrollment ||
               ports_.list_catalogs || ports_.create_transcript || ports_.list_schools ||
               ports_.assign_licenses || ports_.allocate_assignments || ports_.read_webhook);
  EXPECT_TRUE(ports_.list_enrollments_traits.by_learner);
  EXPECT_EQ(ports_.list_enrollments_traits.max_provider_page_size, 200);
  EXPECT_THAT(ports_.update_enrollment_paths,
              UnorderedElementsAre("status", "provider_status", "grade_level", "status_time"));
}

TEST_F(OpenApplyAdapterTest, TheDocumentsListIsRead) {
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=50"), 200,
         FileText(absl::StrCat(kTestdata, "reenrollments_reply.json")));
  const auto page = List(Query("", 50));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("138", "141"));
  EXPECT_EQ(page->records[0].name(), "connections/conn/enrollments/138");
  EXPECT_THAT(page->next_cursor, IsEmpty());
}

TEST_F(OpenApplyAdapterTest, TheNumberOfPagesAndNotTheirLengthTellsTheEnd) {
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=3"), 200,
         Page({1, 2}, R"({"page": 1, "pages": 3, "per_page": 3})"));
  const auto first = List(Query("", 3));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Ids(*first), ElementsAre("1", "2"));

  // An empty page in the midst is not the end.
  Expect("GET", absl::StrCat(kList, "?page=2&per_page=3"), 200,
         Page({}, R"({"page": 2, "pages": 3, "per_page": 3})"));
  const auto second = List(Query(first->next_cursor, 3));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->records, IsEmpty());

  Expect("GET", absl::StrCat(kList, "?page=3&per_page=3"), 200,
         Page({7, 8, 9}, R"({"page": 3, "pages": 3, "per_page": 3})"));
  const auto third = List(Query(second->next_cursor, 3));
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_THAT(Ids(*third), ElementsAre("7", "8", "9"));
  EXPECT_THAT(third->next_cursor, IsEmpty());
}

TEST_F(OpenApplyAdapterTest, AMetaInAnotherShapeIsReadAllTheSame) {
  const std::pair<const char*, bool> metas[] = {
      {R"({"page": 1, "pages": 2, "per_page": "3"})", true},
      {R"({"pages": 3, "per_page": "3"})", true},
      {R"({"page": "1", "pages": "2"})", true},
      {R"({"page": 1, "total_pages": 2})", true},
      {R"({"page": 1, "pages": 1, "per_page": "3"})", false},
      {R"({"page": 1, "pages": 0})", false},
      {"null", true},
      {"{}", true},
      {"", true},
  };
  for (const auto& [meta, more] : metas) {
    Expect("GET", absl::StrCat(kList, "?page=1&per_page=200"), 200, Page({1, 2, 3}, meta));
    const auto page = List(Query());
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(!page->next_cursor.empty(), more) << meta;
  }
}

TEST_F(OpenApplyAdapterTest, WithoutANumberOfPagesAnEmptyPageIsTheEnd) {
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=2"), 200, Page({1, 2}, ""));
  const auto first = List(Query("", 2));
  ASSERT_TRUE(first.ok()) << first.status();
  Expect("GET", absl::StrCat(kList, "?page=2&per_page=2"), 200, Page({3}, ""));
  const auto second = List(Query(first->next_cursor, 2));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Ids(*second), ElementsAre("3"));
  Expect("GET", absl::StrCat(kList, "?page=3&per_page=2"), 200, Page({}, ""));
  const auto third = List(Query(second->next_cursor, 2));
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_THAT(third->next_cursor, IsEmpty());
}

TEST_F(OpenApplyAdapterTest, AListThatIgnoresThePageNumberIsALoop) {
  for (const char* meta : {R"({"page": 1, "pages": 5})", R"({"pages": 5})", ""}) {
    SCOPED_TRACE(meta);
    Expect("GET", absl::StrCat(kList, "?page=1&per_page=2"), 200, Page({1, 2}, meta));
    const auto first = List(Query("", 2));
    ASSERT_TRUE(first.ok()) << first.status();
    Expect("GET", absl::StrCat(kList, "?page=2&per_page=2"), 200, Page({1, 2}, meta));
    const auto second = List(Query(first->next_cursor, 2));
    EXPECT_EQ(errors::ReasonOf(second.status()), v1::ERROR_REASON_PAGINATION_LOOP);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kInternal);
  }
}

TEST_F(OpenApplyAdapterTest, ACursorOfAnotherMakeIsRefused) {
  for (const char* cursor : {"x", "0/50", "2/500", "next"}) {
    EXPECT_EQ(errors::ReasonOf(List(Query(cursor)).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, FiltersBecomeTheProvidersParameters) {
  ExpectQuery(R"(provider_status = "Pending" AND year = 2027)", "&status=Pending&year=2027");
  ExpectQuery(R"(provider_status = "Waiting & hoping/+1")",
              "&status=Waiting%20%26%20hoping%2F%2B1");
  ExpectQuery("status = NOT_SENT", "&status=Not%20Sent");
  ExpectQuery("status = PENDING", "&status=Pending");
  ExpectQuery("status = UNDECIDED", "&status=Undecided");
  ExpectQuery("status = CONFIRMED", "&status=Confirmed");
  ExpectQuery("status = ENROLLMENT_STATUS_DECLINED", "&status=Declined");
  ExpectQuery("decision_date = 2027-01-31", "&decision_date=2027-01-31");
  ExpectQuery("", "");
}

TEST_F(OpenApplyAdapterTest, AFilterThatOpenApplyCannotApplyIsRefused) {
  for (const char* filter : {"status = WAITLISTED", "status = UNKNOWN", "status = nonsense",
                             "status = PENDING AND provider_status = \"Own\"",
                             R"(provider_status = "")", R"(provider_status = "  ")"}) {
    EXPECT_EQ(errors::ReasonOf(List(Filtered(filter)).status()),
              v1::ERROR_REASON_FILTER_UNSUPPORTED)
        << filter;
  }
  for (const char* filter : {"fee > 100", "year > 2026", "status != PENDING", "year = next"}) {
    EXPECT_FALSE(CheckFilter(Filtered(filter).filter, ports_.list_enrollments_traits.filters).ok())
        << filter;
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, ALearnersListIsAskedOfTheStudent) {
  EnrollmentQuery query = Filtered("year = 2019", "11");
  query.size_hint = 50;
  Expect("GET", "/api/v3/students/11/reenrollments?year=2019&page=1&per_page=50", 200,
         FileText(absl::StrCat(kTestdata, "student_reenrollments_reply.json")));
  const auto page = List(query);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("59"));
  EXPECT_THAT(page->next_cursor, IsEmpty());
}

TEST_F(OpenApplyAdapterTest, ALearnerIsOneSegmentOfThePath) {
  EnrollmentQuery query = Query();
  query.learner = "../11?as_user_id=2";
  Expect("GET", "/api/v3/students/..%2F11%3Fas_user_id%3D2/reenrollments?page=1&per_page=200", 404,
         "");
  const auto page = List(query);
  EXPECT_EQ(page.status().code(), absl::StatusCode::kNotFound);
  query.learner = "..";
  EXPECT_EQ(List(query).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(OpenApplyAdapterTest, AnUnknownLearnerIsNamedInTheError) {
  EnrollmentQuery query = Query();
  query.learner = "404";
  Expect("GET", "/api/v3/students/404/reenrollments?page=1&per_page=200", 404,
         R"({"error": "canary"})");
  const absl::Status status = List(query).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  const std::string wire = errors::ToRpcStatus(status).DebugString();
  EXPECT_THAT(wire, HasSubstr("edugate/Learner"));
  EXPECT_THAT(wire, ::testing::Not(HasSubstr("canary")));
}

TEST_F(OpenApplyAdapterTest, AFilterThatAStudentsListCannotApplyIsRefused) {
  for (const char* filter :
       {"status = PENDING", R"(provider_status = "Own")", "decision_date = 2027-01-31"}) {
    EXPECT_EQ(errors::ReasonOf(List(Filtered(filter, "11")).status()),
              v1::ERROR_REASON_FILTER_UNSUPPORTED)
        << filter;
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, AnEmptyListIsEmptyAndOneThatIsMissingOrWrongIsInvalid) {
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=200"), 200, R"({"reenrollments": []})");
  const auto page = List(Query());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_THAT(page->next_cursor, IsEmpty());
  for (const auto& [body, type] :
       {std::pair{"{}", "application/json"}, std::pair{"<html>login</html>", "text/html"}}) {
    Expect("GET", absl::StrCat(kList, "?page=1&per_page=200"), 200, body, type);
    EXPECT_EQ(errors::ReasonOf(List(Query()).status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
}

v1::Enrollment Wanted() {
  v1::Enrollment enrollment;
  enrollment.set_status(v1::ENROLLMENT_STATUS_CONFIRMED);
  enrollment.set_grade_level("10");
  enrollment.mutable_status_time()->set_seconds(1696118400);
  return enrollment;
}

TEST_F(OpenApplyAdapterTest, AnUpdateIsSentAsTheDocumentSaysAndItsEchoIsTheResult) {
  Expect("PUT", absl::StrCat(kList, "/59"), 200,
         FileText(absl::StrCat(kTestdata, "update_reenrollment_reply.json")));
  const auto updated = Update(Wanted(), {"status", "grade_level", "status_time"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  ASSERT_THAT(http_.requests(), SizeIs(1));
  EXPECT_EQ(http_.requests()[0].body,
            R"({"status":"Confirmed","grade":10,"status_updated_at":"2023-10-01T00:00:00Z"})");
  EXPECT_EQ(http_.requests()[0].header("Content-Type"), "application/json");
  EXPECT_TRUE(http_.requests()[0].replayable);
  // What the provider says it now is, not what was written.
  EXPECT_EQ(updated->grade_level(), "9");
  EXPECT_EQ(updated->name(), "connections/conn/enrollments/59");
}

TEST_F(OpenApplyAdapterTest, OnlyWhatTheMaskNamesIsSent) {
  v1::Enrollment enrollment = Wanted();
  enrollment.set_provider_status(
      "Zur\xC3\xBC"
      "ckgestellt");
  const struct {
    std::vector<std::string> paths;
    const char* body;
  } cases[] = {
      {{"status"}, R"({"status":"Confirmed"})"},
      {{"grade_level"}, R"({"grade":10})"},
      {{"status_time"}, R"({"status_updated_at":"2023-10-01T00:00:00Z"})"},
      {{"provider_status"},
       "{\"status\":\"Zur\xC3\xBC"
       "ckgestellt\"}"},
      {{"grade_level", "status"}, R"({"status":"Confirmed","grade":10})"},
  };
  for (const auto& each : cases) {
    Expect("PUT", absl::StrCat(kList, "/59"), 200, R"({"reenrollment": {"id": 59}})");
    ASSERT_TRUE(Update(enrollment, each.paths).ok());
    EXPECT_EQ(http_.requests().back().body, each.body);
  }
}

TEST_F(OpenApplyAdapterTest, ARecordThatWasReadCanBeSentBackAsItIs) {
  const std::vector<std::string> orders[] = {{"status", "provider_status"},
                                             {"provider_status", "status"}};
  for (const auto& paths : orders) {
    for (const char* label : {"Declined", "Own"}) {
      v1::Enrollment read;
      read.set_provider_status(label);
      read.set_status(OpenApplyStatus(label));
      Expect("PUT", absl::StrCat(kList, "/59"), 200, R"({"reenrollment": {"id": 59}})");
      const auto updated = Update(read, paths);
      ASSERT_TRUE(updated.ok()) << updated.status();
      EXPECT_EQ(http_.requests().back().body, absl::StrCat(R"({"status":")", label, R"("})"));
    }
  }
}

TEST_F(OpenApplyAdapterTest, AStatusThatContradictsTheLabelBesideItIsNotGuessedAt) {
  v1::Enrollment changed = Wanted();
  changed.set_status(v1::ENROLLMENT_STATUS_DECLINED);
  changed.set_provider_status("Confirmed");
  for (const auto& paths : {std::vector<std::string>{"status", "provider_status"},
                            std::vector<std::string>{"provider_status", "status"}}) {
    const absl::Status status = Update(changed, paths).status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID) << status;
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, WhatCannotBeSaidToOpenApplyIsRefusedByItsField) {
  v1::Enrollment waitlisted = Wanted();
  waitlisted.set_status(v1::ENROLLMENT_STATUS_WAITLISTED);
  v1::Enrollment kindergarten = Wanted();
  kindergarten.set_grade_level("K");
  v1::Enrollment nothing;
  v1::Enrollment endless = Wanted();
  endless.mutable_status_time()->set_seconds(int64_t{1} << 60);
  const struct {
    v1::Enrollment enrollment;
    const char* path;
    const char* field;
  } cases[] = {
      {waitlisted, "status", "enrollment.status"},
      {nothing, "status", "enrollment.status"},
      {nothing, "provider_status", "enrollment.provider_status"},
      {kindergarten, "grade_level", "enrollment.grade_level"},
      {nothing, "grade_level", "enrollment.grade_level"},
      {nothing, "status_time", "enrollment.status_time"},
      {endless, "status_time", "enrollment.status_time"},
  };
  for (const auto& each : cases) {
    const absl::Status status = Update(each.enrollment, {each.path}).status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID) << each.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat(each.field, ": ")));
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, AnUpdateThatIsOnlyCheckedIsNotSent) {
  const auto checked = Update(Wanted(), {"status"}, /*validate_only=*/true);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->status(), v1::ENROLLMENT_STATUS_CONFIRMED);
  v1::Enrollment wrong;
  EXPECT_FALSE(Update(wrong, {"status"}, /*validate_only=*/true).ok());
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(OpenApplyAdapterTest, AnUnknownReenrollmentIsNamedInTheError) {
  Expect("PUT", absl::StrCat(kList, "/59"), 404, R"({"error": "canary"})");
  const absl::Status status = Update(Wanted(), {"status"}).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_THAT(errors::ToRpcStatus(status).DebugString(),
              HasSubstr("connections/conn/enrollments/59"));
}

TEST_F(OpenApplyAdapterTest, AReplyWithoutTheReenrollmentIsInvalid) {
  for (const char* body : {"{}", R"({"reenrollment": null})"}) {
    Expect("PUT", absl::StrCat(kList, "/59"), 200, body);
    EXPECT_EQ(errors::ReasonOf(Update(Wanted(), {"status"}).status()),
              v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
  }
}

TEST_F(OpenApplyAdapterTest, OneRecordIsAskedForToSeeThatTheConnectionWorks) {
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=1"), 200, Page({1}, ""));
  EXPECT_TRUE(Run(ports_.probe, Probe()).ok());
  Expect("GET", absl::StrCat(kList, "?page=1&per_page=1"), 401, "");
  EXPECT_EQ(errors::ReasonOf(Run(ports_.probe, Probe()).status()),
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
}

}  // namespace
}  // namespace edugate::adapters
