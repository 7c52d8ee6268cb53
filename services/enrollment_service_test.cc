#include "services/enrollment_service.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/service_fixture.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Page = WholePage<v1::Enrollment>;

v1::Enrollment Record(const std::string& id) {
  v1::Enrollment record;
  record.set_name(absl::StrCat("connections/oa/enrollments/", id));
  record.set_provider_id(id);
  record.set_provider_status("Pending");
  return record;
}

Page PageOf(int begin, int count, std::string next) {
  Page page{.next_cursor = std::move(next)};
  for (int i = 0; i < count; ++i) page.records.push_back(Record(absl::StrCat(begin + i)));
  return page;
}

class KeepingWriter final : public StreamWriter<v1::Enrollment> {
 public:
  async::Task<absl::Status> Write(v1::Enrollment item) override {
    items.push_back(std::move(item));
    co_return absl::OkStatus();
  }
  std::vector<v1::Enrollment> items;
};

// `oa` lists and updates; `tms` gets and lists, without a learner; `bare` can nothing.
class EnrollmentHandlersTest : public ServiceFixture {
 protected:
  EnrollmentHandlersTest() {
    adapters::Connection oa{.id = "oa", .provider = "openapply"};
    // Three pages of three records, whatever is asked.
    oa.ports.list_enrollments = Listing<adapters::EnrollmentQuery, v1::Enrollment>(
        [this](async::CallContext&, const adapters::EnrollmentQuery& query) {
          return ThreePages(query);
        });
    oa.ports.list_enrollments_traits = {
        .filters = {{"year", {"="}, adapters::FilterType::kInt, ""}}, .by_learner = true};
    oa.ports.update_enrollment =
        Answering<adapters::EnrollmentUpdate, v1::Enrollment>(Record("1"), &update_);
    oa.ports.update_enrollment_paths = {"status", "provider_status", "grade_level"};

    adapters::Connection tms{.id = "tms", .provider = "class_enrollment"};
    tms.ports.get_enrollment =
        Filling(Answering<adapters::GetQuery, v1::Enrollment>(Record("7"), &get_));
    tms.ports.list_enrollments =
        Listing(Answering<adapters::EnrollmentQuery, Page>(PageOf(0, 4, "more"), &query_));

    Configure({oa, tms, {.id = "bare", .provider = "measureone"}});
  }

  async::Task<absl::StatusOr<Page>> ThreePages(const adapters::EnrollmentQuery& query) {
    query_ = query;
    ++provider_calls_;
    if (query.cursor.empty()) co_return PageOf(0, 3, "b");
    if (query.cursor == "b") co_return PageOf(3, 3, "c");
    co_return PageOf(6, 3, "");
  }

  absl::StatusOr<v1::ListEnrollmentsResponse> List(const v1::ListEnrollmentsRequest& request,
                                                   const std::string& caller = "") {
    const auto call = Call("EnrollmentService.ListEnrollments");
    call->set_caller(caller);
    EnrollmentHandlers handlers(parts());
    return Answer(handlers, &EnrollmentHandlers::ListEnrollments, *call, request);
  }

  absl::Status Stream(const v1::StreamEnrollmentsRequest& request, KeepingWriter& writer) {
    const auto call = Call("EnrollmentService.StreamEnrollments");
    EnrollmentHandlers handlers(parts());
    return loop_.RunToCompletion(handlers.StreamEnrollments(*call, request, writer));
  }

  absl::StatusOr<v1::Enrollment> Get(const std::string& name,
                                     v1::View view = v1::VIEW_UNSPECIFIED) {
    const auto call = Call("EnrollmentService.GetEnrollment");
    v1::GetEnrollmentRequest request;
    request.set_name(name);
    request.set_view(view);
    EnrollmentHandlers handlers(parts());
    return Answer(handlers, &EnrollmentHandlers::GetEnrollment, *call, request);
  }

  absl::StatusOr<v1::Enrollment> Update(const v1::UpdateEnrollmentRequest& request) {
    const auto call = Call("EnrollmentService.UpdateEnrollment");
    EnrollmentHandlers handlers(parts());
    return loop_.RunToCompletion(handlers.UpdateEnrollment(*call, request));
  }

  static v1::ListEnrollmentsRequest ListOf(const std::string& parent, int page_size = 0) {
    v1::ListEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    return request;
  }

  static v1::UpdateEnrollmentRequest UpdateOf(std::vector<std::string> paths) {
    v1::UpdateEnrollmentRequest request;
    request.mutable_enrollment()->set_name("connections/oa/enrollments/1");
    request.mutable_enrollment()->set_provider_status("Maybe");
    request.mutable_enrollment()->set_grade_level("10");
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    return request;
  }

  static std::vector<std::string> Ids(const v1::ListEnrollmentsResponse& response) {
    std::vector<std::string> ids;
    for (const auto& each : response.enrollments()) ids.push_back(each.provider_id());
    return ids;
  }

  int provider_calls_ = 0;
  adapters::EnrollmentQuery query_;
  adapters::GetQuery get_;
  adapters::EnrollmentUpdate update_;
};

TEST_F(EnrollmentHandlersTest, AGetGoesToTheConnectionOfTheName) {
  auto record = Get("connections/tms/enrollments/7", v1::VIEW_FULL);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->provider_id(), "7");
  EXPECT_EQ(get_.name.connection, "tms");
  EXPECT_THAT(get_.name.ids, ElementsAre("7"));
  EXPECT_EQ(get_.view, v1::VIEW_FULL);
}

TEST_F(EnrollmentHandlersTest, AnIdArrivesDecoded) {
  ASSERT_TRUE(Get("connections/tms/enrollments/a%2Fb%25").ok());
  EXPECT_EQ(get_.name.id(), "a/b%");
  EXPECT_EQ(get_.view, v1::VIEW_BASIC);
}

TEST_F(EnrollmentHandlersTest, NamesOfAnotherFormAreRefused) {
  for (const char* name : {"", "connections/tms", "connections/tms/enrollments/",
                           "connections/tms/courses/7", "connections//enrollments/7",
                           "connections/-/enrollments/7", "/connections/tms/enrollments/7",
                           "connections/tms/enrollments/7/8", "connections/tms/enrollments/%zz"}) {
    EXPECT_EQ(errors::ReasonOf(Get(name).status()), v1::ERROR_REASON_RESOURCE_NAME_INVALID) << name;
  }
}

TEST_F(EnrollmentHandlersTest, AConnectionThatIsNotConfiguredIsNotFound) {
  const absl::Status status = Get("connections/nowhere/enrollments/7").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_CONNECTION_UNKNOWN);
}

TEST_F(EnrollmentHandlersTest, WhatAProviderLacksIsUnimplementedAndSaysWhatThereIs) {
  const absl::Status status = Get("connections/oa/enrollments/7").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
  EXPECT_EQ(errors::MetadataOf(status)["connection"], "oa");
  EXPECT_EQ(errors::MetadataOf(status)["provider"], "openapply");
  EXPECT_EQ(errors::MetadataOf(status)["supported"],
            "EnrollmentService.ListEnrollments, EnrollmentService.StreamEnrollments, "
            "EnrollmentService.UpdateEnrollment");
}

TEST_F(EnrollmentHandlersTest, EveryMethodIsRefusedWhereTheProviderHasNone) {
  const auto call = Call("EnrollmentService.X");
  EnrollmentHandlers handlers(parts());
  v1::BulkEnrollRequest bulk;
  bulk.set_parent("connections/bare");
  v1::VerifyEnrollmentRequest verify;
  verify.set_parent("connections/bare");
  v1::UpdateEnrollmentRequest update;
  update.mutable_enrollment()->set_name("connections/bare/enrollments/1");
  v1::StreamEnrollmentsRequest stream;
  stream.set_parent("connections/bare");
  KeepingWriter writer;
  const std::vector<absl::Status> statuses = {
      loop_.RunToCompletion(handlers.BulkEnroll(*call, bulk)).status(),
      loop_.RunToCompletion(handlers.VerifyEnrollment(*call, verify)).status(),
      Update(update).status(),
      Get("connections/bare/enrollments/1").status(),
      List(ListOf("connections/bare")).status(),
      Stream(stream, writer),
  };
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_OPERATION_NOT_SUPPORTED) << status;
  }
}

TEST_F(EnrollmentHandlersTest, APageHoldsWhatWasAskedForAndItsTokenGoesOn) {
  auto first = List(ListOf("connections/oa", 5));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Ids(*first), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_NE(first->next_page_token(), "");
  v1::ListEnrollmentsRequest next = ListOf("connections/oa", 7);
  next.set_page_token(first->next_page_token());
  auto second = List(next);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Ids(*second), ElementsAre("5", "6", "7", "8"));
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(EnrollmentHandlersTest, AStreamGoesOnFromAListsToken) {
  auto first = List(ListOf("connections/oa", 5));
  ASSERT_TRUE(first.ok()) << first.status();
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/oa");
  request.set_page_token(first->next_page_token());
  KeepingWriter writer;
  ASSERT_TRUE(Stream(request, writer).ok());
  ASSERT_EQ(writer.items.size(), 4u);
  EXPECT_EQ(writer.items.front().provider_id(), "5");
}

TEST_F(EnrollmentHandlersTest, ATokenIsOfUseForItsOwnQueryAndCallerOnly) {
  const v1::ListEnrollmentsRequest asked = ListOf("connections/oa", 5);
  auto first = List(asked, "registrar");
  ASSERT_TRUE(first.ok()) << first.status();
  v1::ListEnrollmentsRequest good = asked;
  good.set_page_token(first->next_page_token());
  ASSERT_TRUE(List(good, "registrar").ok());
  const int calls = provider_calls_;

  v1::ListEnrollmentsRequest other_connection = good;
  other_connection.set_parent("connections/tms");
  v1::ListEnrollmentsRequest other_filter = good;
  other_filter.set_filter("year = 2027");
  v1::ListEnrollmentsRequest other_learner = good;
  other_learner.set_learner("11");
  v1::ListEnrollmentsRequest tampered = good;
  tampered.mutable_page_token()->at(10) ^= 1;
  for (const auto& request : {other_connection, other_filter, other_learner, tampered}) {
    const absl::Status status = List(request, "registrar").status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_PAGE_TOKEN_INVALID) << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(errors::ReasonOf(List(good, "somebody-else").status()),
            v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  EXPECT_EQ(provider_calls_, calls);
}

TEST_F(EnrollmentHandlersTest, ATokenOfAnotherMethodIsRefused) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 5);
  const auto token = sealer_.Seal(
      PageState{"b", 1},
      {.caller = "", .method = "CatalogService.ListCatalogs", .query_digest = QueryDigest(request)},
      loop_.clock().WallNow());
  ASSERT_TRUE(token.ok()) << token.status();
  request.set_page_token(*token);
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
}

TEST_F(EnrollmentHandlersTest, ATokenExpires) {
  auto first = List(ListOf("connections/oa", 5));
  ASSERT_TRUE(first.ok()) << first.status();
  v1::ListEnrollmentsRequest next = ListOf("connections/oa", 5);
  next.set_page_token(first->next_page_token());
  loop_.Advance(kDefaultPageTokenLifetime + absl::Seconds(1));
  EXPECT_EQ(errors::ReasonOf(List(next).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
}

TEST_F(EnrollmentHandlersTest, ANegativePageSizeIsRefused) {
  EXPECT_EQ(errors::ReasonOf(List(ListOf("connections/oa", -1)).status()),
            v1::ERROR_REASON_ARGUMENT_INVALID);
  v1::StreamEnrollmentsRequest stream;
  stream.set_parent("connections/oa");
  stream.set_page_size(-1);
  KeepingWriter writer;
  EXPECT_EQ(errors::ReasonOf(Stream(stream, writer)), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_EQ(provider_calls_, 0);
}

TEST_F(EnrollmentHandlersTest, FiltersAndLearnerReachThePort) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa", 2);
  request.set_filter("year = 2027");
  request.set_learner("11");
  request.set_view(v1::VIEW_FULL);
  ASSERT_TRUE(List(request).ok());
  EXPECT_EQ(query_.learner, "11");
  EXPECT_EQ(query_.view, v1::VIEW_FULL);
  EXPECT_EQ(query_.parent.connection, "oa");
  ASSERT_NE(query_.filter.Find("year"), nullptr);
}

TEST_F(EnrollmentHandlersTest, AFilterThatTheProviderLacksIsRefusedAndNamesWhatThereIs) {
  v1::ListEnrollmentsRequest request = ListOf("connections/oa");
  request.set_filter("grade_level = 9");
  const absl::Status status = List(request).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_FILTER_UNSUPPORTED);
  EXPECT_THAT(status.ToString(), HasSubstr("year"));
  EXPECT_EQ(provider_calls_, 0);
}

TEST_F(EnrollmentHandlersTest, ALearnerIsRefusedWhereTheProviderCanNotNarrowByIt) {
  v1::ListEnrollmentsRequest request = ListOf("connections/tms");
  request.set_learner("11");
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_FILTER_UNSUPPORTED);
}

TEST_F(EnrollmentHandlersTest, AReadMaskOfAFieldThatThereIsNotIsRefused) {
  v1::ListEnrollmentsRequest list = ListOf("connections/oa", 1);
  list.mutable_read_mask()->add_paths("colour");
  EXPECT_EQ(errors::ReasonOf(List(list).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  v1::StreamEnrollmentsRequest stream;
  stream.set_parent("connections/oa");
  stream.mutable_read_mask()->add_paths("learner.colour");
  KeepingWriter writer;
  EXPECT_EQ(errors::ReasonOf(Stream(stream, writer)), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(writer.items, IsEmpty());
}

TEST_F(EnrollmentHandlersTest, AnUpdateTakesTheMasksPaths) {
  ASSERT_TRUE(Update(UpdateOf({"grade_level"})).ok());
  EXPECT_THAT(update_.paths, ElementsAre("grade_level"));
  EXPECT_EQ(update_.name.id(), "1");
  EXPECT_FALSE(update_.validate_only);
}

TEST_F(EnrollmentHandlersTest, WithoutAMaskAnUpdateTakesWhatIsSet) {
  ASSERT_TRUE(Update(UpdateOf({})).ok());
  EXPECT_THAT(update_.paths, ElementsAre("provider_status", "grade_level"));
}

TEST_F(EnrollmentHandlersTest, AnUpdateOfWhatTheProviderCanNotChangeIsRefusedAndSaysWhatItCan) {
  for (const char* path : {"learner", "fee", "grade_level.x", "*"}) {
    const absl::Status status = Update(UpdateOf({"grade_level", path})).status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID) << path;
    EXPECT_THAT(status.ToString(), HasSubstr("provider_status")) << path;
  }
  EXPECT_THAT(update_.paths, IsEmpty());
}

TEST_F(EnrollmentHandlersTest, AnUpdateOfNothingIsRefused) {
  v1::UpdateEnrollmentRequest request;
  request.mutable_enrollment()->set_name("connections/oa/enrollments/1");
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST_F(EnrollmentHandlersTest, AnUpdateNeedsAUsableRequestId) {
  v1::UpdateEnrollmentRequest request = UpdateOf({"grade_level"});
  request.set_request_id("two words");
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(update_.paths, IsEmpty());
}

TEST_F(EnrollmentHandlersTest, ValidateOnlyAndViewReachThePort) {
  v1::UpdateEnrollmentRequest request = UpdateOf({"grade_level"});
  request.set_validate_only(true);
  request.set_view(v1::VIEW_FULL);
  ASSERT_TRUE(Update(request).ok());
  EXPECT_TRUE(update_.validate_only);
  EXPECT_EQ(update_.view, v1::VIEW_FULL);
}

TEST_F(EnrollmentHandlersTest, TheCallKnowsItsConnectionOnceTheNameIsRead) {
  const auto call = Call("EnrollmentService.GetEnrollment");
  v1::GetEnrollmentRequest request;
  request.set_name("connections/tms/enrollments/7");
  EnrollmentHandlers handlers(parts());
  ASSERT_TRUE(Answer(handlers, &EnrollmentHandlers::GetEnrollment, *call, request).ok());
  EXPECT_EQ(call->connection(), "tms");
}

}  // namespace
}  // namespace edugate::services
