#include "adapters/class_enrollment/class_enrollment_adapter.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/testing/adapter_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using testing::FileText;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kSearch[] = "/SearchClassEnrollments";
constexpr char kNotFound[] = R"({"Status": 20, "Error": null, "Results": null})";

class ClassEnrollmentAdapterTest : public testing::AdapterFixture<ClassEnrollmentAdapter> {
 protected:
  ClassEnrollmentAdapterTest() : AdapterFixture("class_enrollment") {}

  absl::StatusOr<v1::Enrollment> Get(const std::string& id, v1::View view = v1::VIEW_BASIC) {
    GetQuery query;
    query.name = {"conn", {id}};
    query.view = view;
    return Run(ports_.get_enrollment, query);
  }

  static EnrollmentQuery Query(const std::string& cursor = "", int32_t size_hint = 0) {
    EnrollmentQuery query;
    query.parent = {"conn", {}};
    query.cursor = cursor;
    query.size_hint = size_hint;
    return query;
  }

  static EnrollmentQuery Filtered(const std::string& filter) {
    EnrollmentQuery query = Query();
    auto parsed = ParseFilter(filter);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    query.filter = *std::move(parsed);
    return query;
  }

  absl::StatusOr<testing::WholePage<v1::Enrollment>> List(const EnrollmentQuery& query) {
    return Run(ports_.list_enrollments, query);
  }

  void ExpectSearch(const std::string& query, const std::string& body, int status = 200) {
    Expect("GET", absl::StrCat(kSearch, query), status, body);
  }
};

std::string Page(const std::vector<int>& ids) {
  const std::string records = absl::StrJoin(
      ids, ",", [](std::string* out, int id) { absl::StrAppend(out, R"({"Id": )", id, "}"); });
  return absl::StrCat(R"({"Status": 0, "Error": null, "Results": [)", records, "]}");
}

std::vector<std::string> Ids(const testing::WholePage<v1::Enrollment>& page) {
  std::vector<std::string> ids;
  for (const v1::Enrollment& each : page.records) ids.push_back(each.provider_id());
  return ids;
}

TEST_F(ClassEnrollmentAdapterTest, OffersWhatTheProviderHasAndNothingElse) {
  EXPECT_TRUE(ports_.probe && ports_.get_enrollment && ports_.list_enrollments);
  EXPECT_FALSE(ports_.update_enrollment || ports_.bulk_enroll || ports_.verify_enrollment ||
               ports_.list_catalogs || ports_.create_transcript || ports_.list_schools ||
               ports_.assign_licenses || ports_.allocate_assignments || ports_.read_webhook);
  EXPECT_TRUE(ports_.list_enrollments_traits.by_learner);
  EXPECT_TRUE(ports_.list_enrollments_traits.by_learner_email);
  EXPECT_TRUE(ports_.list_enrollments_traits.by_learner_external_id);
  EXPECT_EQ(ports_.list_enrollments_traits.max_provider_page_size, 100);
}

TEST_F(ClassEnrollmentAdapterTest, TheDocumentsReplyIsRead) {
  Expect("GET", "/GetClassEnrollment/10", 200,
         FileText("adapters/class_enrollment/testdata/get_class_enrollment_reply.json"));
  const auto enrollment = Get("10");
  ASSERT_TRUE(enrollment.ok()) << enrollment.status();
  EXPECT_EQ(enrollment->name(), "connections/conn/enrollments/10");
  EXPECT_EQ(enrollment->status(), v1::ENROLLMENT_STATUS_ENROLLED);
  ASSERT_THAT(http_.requests(), SizeIs(1));
  EXPECT_FALSE(http_.requests()[0].has_body);
}

TEST_F(ClassEnrollmentAdapterTest, AnIdIsOneSegmentOfThePath) {
  Expect("GET", "/GetClassEnrollment/1%3Fapi_key%3Dx%2F..", 200, kNotFound);
  EXPECT_EQ(Get("1?api_key=x/..").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Get("..").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ClassEnrollmentAdapterTest, AnIdMayComeAsText) {
  Expect("GET", "/GetClassEnrollment/4449999", 200,
         R"({"Status": "0", "Results": [{"Id": "4449999", "UserId": "5"}]})");
  const auto enrollment = Get("4449999");
  ASSERT_TRUE(enrollment.ok()) << enrollment.status();
  EXPECT_EQ(enrollment->provider_id(), "4449999");
  EXPECT_EQ(enrollment->learner().provider_id(), "5");
}

TEST_F(ClassEnrollmentAdapterTest, ALowerCaseEnvelopeAndASingleResultAreRead) {
  Expect("GET", "/GetClassEnrollment/10", 200, R"({"status": 0, "Results": {"Id": 10}})");
  EXPECT_TRUE(Get("10").ok());
}

TEST_F(ClassEnrollmentAdapterTest, WhatStandsUnderAnOlderNameIsRead) {
  Expect("GET", "/GetClassEnrollment/10", 200, R"({"Status": 0, "ClassEnrollment": {"Id": 10}})");
  EXPECT_TRUE(Get("10").ok());
  ExpectSearch("?pageIndex=0&pageSize=100",
               R"({"Status": 0, "ClassEnrollmentSearchResults": [{"Id": 10}, {"Id": 11}]})");
  const auto page = List(Query());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Ids(*page), ElementsAre("10", "11"));
}

TEST_F(ClassEnrollmentAdapterTest, OnlyTheRecordThatWasAskedForIsGiven) {
  Expect("GET", "/GetClassEnrollment/10", 200, Page({9, 10, 11}));
  EXPECT_EQ(Get("10")->provider_id(), "10");
  Expect("GET", "/GetClassEnrollment/010", 200, Page({10}));
  EXPECT_EQ(Get("010")->provider_id(), "10");
  const std::string others[] = {Page({11}),
                                Page({11, 12}),
                                Page({}),
                                R"({"Status": 0, "Results": [{"UserId": 5}]})",
                                R"({"Status": 0, "Results": null})",
                                R"({"Status": 0})"};
  for (const std::string& body : others) {
    Expect("GET", "/GetClassEnrollment/10", 200, body);
    EXPECT_EQ(errors::ReasonOf(Get("10").status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID)
        << body;
  }
}

TEST_F(ClassEnrollmentAdapterTest, ARecordThatIsNotFoundIsNamed) {
  Expect("GET", "/GetClassEnrollment/10", 200, kNotFound);
  const absl::Status status = Get("10").status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(status).at("provider_status"), "20");
  EXPECT_THAT(errors::ToRpcStatus(status).DebugString(),
              HasSubstr("connections/conn/enrollments/10"));
}

TEST_F(ClassEnrollmentAdapterTest, TheProvidersProseReachesNoError) {
  Expect("GET", "/GetClassEnrollment/10", 200,
         R"({"Status": 10, "Error": "canary: Zoe Canary", "Results": [{"Id": 10}]})");
  const absl::Status status = Get("10").status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_ERROR);
  EXPECT_THAT(errors::ToRpcStatus(status).DebugString(), Not(HasSubstr("anary")));
}

TEST_F(ClassEnrollmentAdapterTest, PagesAreCountedFromZeroToTheFirstEmptyOne) {
  ExpectSearch("?pageIndex=0&pageSize=3", Page({1, 2, 3}));
  const auto first = List(Query("", 3));
  ASSERT_TRUE(first.ok()) << first.status();
  // Fewer than asked need not be the last.
  ExpectSearch("?pageIndex=1&pageSize=3", Page({4}));
  const auto second = List(Query(first->next_cursor, 3));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Ids(*second), ElementsAre("4"));
  ExpectSearch("?pageIndex=2&pageSize=3", Page({}));
  const auto third = List(Query(second->next_cursor, 3));
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_THAT(third->records, IsEmpty());
  EXPECT_THAT(third->next_cursor, IsEmpty());
}

TEST_F(ClassEnrollmentAdapterTest, APageIsAtMostAHundredRecords) {
  for (const int32_t hint : {0, 100, 101, 1000}) {
    ExpectSearch("?pageIndex=0&pageSize=100", Page({}));
    EXPECT_TRUE(List(Query("", hint)).ok());
  }
}

TEST_F(ClassEnrollmentAdapterTest, ASearchThatIgnoresThePageNumberIsALoop) {
  ExpectSearch("?pageIndex=0&pageSize=2", Page({1, 2}));
  const auto first = List(Query("", 2));
  ASSERT_TRUE(first.ok()) << first.status();
  ExpectSearch("?pageIndex=1&pageSize=2", Page({1, 2}));
  EXPECT_EQ(errors::ReasonOf(List(Query(first->next_cursor, 2)).status()),
            v1::ERROR_REASON_PAGINATION_LOOP);
}

TEST_F(ClassEnrollmentAdapterTest, ASearchThatFindsNothingIsAnEmptyList) {
  for (const char* body :
       {kNotFound, R"({"Status": 0, "Results": null})", R"({"Status": 0, "Results": []})"}) {
    ExpectSearch("?pageIndex=0&pageSize=100", body);
    const auto page = List(Query());
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(page->records, IsEmpty());
    EXPECT_THAT(page->next_cursor, IsEmpty());
  }
}

TEST_F(ClassEnrollmentAdapterTest, AWrongAddressIsNoEmptyList) {
  ExpectSearch("?pageIndex=0&pageSize=100", "", 404);
  EXPECT_EQ(List(Query()).status().code(), absl::StatusCode::kNotFound);
  ExpectSearch("?pageIndex=0&pageSize=1", "", 404);
  EXPECT_EQ(Run(ports_.probe, Probe()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ClassEnrollmentAdapterTest, AConnectionThatFindsNothingWorks) {
  ExpectSearch("?pageIndex=0&pageSize=1", kNotFound);
  EXPECT_TRUE(Run(ports_.probe, Probe()).ok());
  ExpectSearch("?pageIndex=0&pageSize=1", Page({1}));
  EXPECT_TRUE(Run(ports_.probe, Probe()).ok());
  ExpectSearch("?pageIndex=0&pageSize=1", R"({"Status": 30})");
  EXPECT_EQ(errors::ReasonOf(Run(ports_.probe, Probe()).status()),
            v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
}

TEST_F(ClassEnrollmentAdapterTest, FiltersBecomeTheProvidersParameters) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"status = REQUESTED", "&enrollmentStatusId=0"},
      {"status = CANCELLED", "&enrollmentStatusId=10"},
      {"status = WAITLISTED", "&enrollmentStatusId=20"},
      {"status = APPROVED", "&enrollmentStatusId=30"},
      {"status = DENIED", "&enrollmentStatusId=40"},
      {"status = AUDITING", "&enrollmentStatusId=50"},
      {"status = ENROLLMENT_STATUS_ENROLLED", "&enrollmentStatusId=60"},
      {"provider_status = 77", "&enrollmentStatusId=77"},
      {"course.provider_id = 4421", "&classId=4421"},
      {R"(course.title : "Zero Trust & more")", "&className=Zero%20Trust%20%26%20more"},
      {R"(create_time > "2026-01-31T00:00:00Z")", "&createdAfter=1769817600"},
      {R"(create_time < "2026-01-31T08:00:00+08:00")", "&createdBefore=1769817600"},
      // Whole seconds, rounded so that nothing is lost.
      {R"(create_time > "2026-01-31T00:00:00.5Z" AND create_time < "2026-01-31T00:00:09.5Z")",
       "&createdAfter=1769817600&createdBefore=1769817610"},
      {R"(status = ENROLLED AND course.provider_id = 4421)", "&classId=4421&enrollmentStatusId=60"},
  };
  for (const auto& [filter, query] : cases) {
    SCOPED_TRACE(filter);
    const EnrollmentQuery filtered = Filtered(filter);
    EXPECT_TRUE(CheckFilter(filtered.filter, ports_.list_enrollments_traits.filters).ok());
    ExpectSearch(absl::StrCat("?pageIndex=0&pageSize=100", query), Page({}));
    const auto page = List(filtered);
    EXPECT_TRUE(page.ok()) << page.status();
  }
}

TEST_F(ClassEnrollmentAdapterTest, ALearnerIsAParameterOfTheSearch) {
  EnrollmentQuery query = Filtered("status = ENROLLED");
  query.learner = "897615";
  ExpectSearch("?pageIndex=0&pageSize=100&studentId=897615&enrollmentStatusId=60", Page({10}));
  EXPECT_THAT(Ids(*List(query)), ElementsAre("10"));
}

// The provider's ids are numbers. Anything else it takes for an error of its own, or for nobody in
// particular.
TEST_F(ClassEnrollmentAdapterTest, AnIdThatIsNoNumberIsNobodysAndIsNotSearchedFor) {
  for (const char* learner :
       {"897615&x=1", "joe", "8976 15", " 897615", "+897615", "-1", "99999999999999999999"}) {
    EnrollmentQuery query = Query();
    query.learner = learner;
    const auto page = List(query);
    ASSERT_TRUE(page.ok()) << learner << " " << page.status();
    EXPECT_THAT(page->records, IsEmpty());
    EXPECT_EQ(page->next_cursor, "");
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

// The vendor's example of a user.
constexpr char kUser[] =
    R"({"Status": 0, "Error": null, "User": {"Id": 57383, "ExternalId": "C9876ZFGEFER9876",
        "FirstName": "John", "LastName": "Smith", "UserName": "john.smith", "OrganizationId": 4873,
        "Disabled": false, "Email": "joe.smith@yourorg.com"}})";

TEST_F(ClassEnrollmentAdapterTest, ALearnerIsFoundByEmailOnceForAllPages) {
  EnrollmentQuery query = Query("", 1);
  query.learner_email = "Joe.Smith@yourorg.com";
  Expect("GET", "/GetUserByEmail?email=Joe.Smith%40yourorg.com", 200, kUser);
  ExpectSearch("?pageIndex=0&pageSize=1&studentId=57383", Page({10}));
  const auto first = List(query);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Ids(*first), ElementsAre("10"));
  query.cursor = first->next_cursor;
  ExpectSearch("?pageIndex=1&pageSize=1&studentId=57383", Page({}));
  EXPECT_THAT(Ids(*List(query)), IsEmpty());
}

TEST_F(ClassEnrollmentAdapterTest, ALearnerIsFoundByExternalId) {
  EnrollmentQuery query = Query();
  query.learner_external_id = "C9876ZFGEFER9876";
  Expect("GET", "/GetUserByExternalId/C9876ZFGEFER9876", 200, kUser);
  ExpectSearch("?pageIndex=0&pageSize=100&studentId=57383", Page({10}));
  EXPECT_THAT(Ids(*List(query)), ElementsAre("10"));
}

TEST_F(ClassEnrollmentAdapterTest, WhomTheProviderDoesNotKnowHasNoEnrollments) {
  EnrollmentQuery query = Query();
  query.learner_email = "al@example.com";
  Expect("GET", "/GetUserByEmail?email=al%40example.com", 200,
         R"({"Status": 20, "Error": null, "User": null})");
  const auto page = List(query);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(ClassEnrollmentAdapterTest, AnotherPersonThanAskedForIsRefused) {
  EnrollmentQuery query = Query();
  query.learner_email = "al@example.com";
  for (const char* reply : {kUser, R"({"Status": 0, "User": {"Email": "al@example.com"}})",
                            R"({"Status": 0, "User": null})"}) {
    Expect("GET", "/GetUserByEmail?email=al%40example.com", 200, reply);
    const absl::Status status = List(query).status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID) << reply;
    EXPECT_THAT(status.ToString(), Not(HasSubstr("al@example.com")));
  }
}

TEST_F(ClassEnrollmentAdapterTest, AFailedSearchForAUserIsAFailureAndNotAnEmptyList) {
  EnrollmentQuery query = Query();
  query.learner_email = "al@example.com";
  Expect("GET", "/GetUserByEmail?email=al%40example.com", 200, R"({"Status": 30, "User": null})");
  EXPECT_EQ(errors::ReasonOf(List(query).status()), v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  Expect("GET", "/GetUserByEmail?email=al%40example.com", 404, "<html></html>");
  EXPECT_FALSE(List(query).ok());
}

TEST_F(ClassEnrollmentAdapterTest, AFilterThatTheSearchCannotApplyIsRefused) {
  for (const char* filter : {"status = PENDING", "status = UNKNOWN", "status = nonsense",
                             "status = ENROLLED AND provider_status = 60", "create_time > soon"}) {
    EXPECT_EQ(errors::ReasonOf(List(Filtered(filter)).status()),
              v1::ERROR_REASON_FILTER_UNSUPPORTED)
        << filter;
  }
  for (const char* filter :
       {"grade > 50", "status != ENROLLED", "provider_status = sixty", "course.provider_id = azure",
        "create_time = \"2026-01-31T00:00:00Z\""}) {
    EXPECT_FALSE(CheckFilter(Filtered(filter).filter, ports_.list_enrollments_traits.filters).ok())
        << filter;
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(ClassEnrollmentAdapterTest, ACursorOfAnotherMakeIsRefused) {
  for (const char* cursor : {"x", "-1/100", "1/500"}) {
    EXPECT_EQ(errors::ReasonOf(List(Query(cursor)).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
}

}  // namespace
}  // namespace edugate::adapters
