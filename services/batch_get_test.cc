#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/sleep.h"
#include "services/enrollment_service.h"
#include "services/service_fixture.h"

namespace edugate::services {
namespace {

using ::testing::SizeIs;
using ::testing::StartsWith;

// `tms` and `lms` have every enrollment but those whose id begins with `x`, and take ten
// milliseconds for each; `x-late` takes a second. `bare` has no method.
class BatchGetTest : public ServiceFixture {
 protected:
  BatchGetTest() {
    std::vector<adapters::Connection> connections;
    for (const char* id : {"tms", "lms"}) {
      adapters::Connection connection{.id = id, .provider = "class_enrollment"};
      connection.ports.get_enrollment = Filling<v1::Enrollment>(
          [this](async::CallContext& call, const adapters::GetQuery& query) {
            return Read(call, query);
          });
      connections.push_back(std::move(connection));
    }
    connections.push_back({.id = "bare", .provider = "measureone"});
    Configure(std::move(connections));
  }

  async::Task<absl::StatusOr<v1::Enrollment>> Read(async::CallContext& call,
                                                   const adapters::GetQuery& query) {
    asked_.push_back(query.name.id());
    most_ = std::max(most_, ++running_);
    const bool late = query.name.id() == "x-late";
    const absl::Duration pause = late ? absl::Seconds(1) : absl::Milliseconds(10);
    absl::Status waited = co_await async::Sleep(call, pause);
    --running_;
    if (absl::IsCancelled(waited)) co_return errors::Cancelled({});
    if (!waited.ok()) co_return errors::DeadlineExceeded({});
    if (query.name.id()[0] == 'x') {
      co_return errors::ResourceNotFound("edugate/Enrollment", query.name.id(),
                                         {.connection = call.connection()});
    }
    v1::Enrollment record;
    record.set_name(
        adapters::MakeName<adapters::Resource::kEnrollment>(call.connection(), query.name.id()));
    if (query.view == v1::VIEW_FULL) record.add_unknown_fields()->set_path("seen");
    co_return record;
  }

  absl::StatusOr<v1::BatchGetEnrollmentsResponse> Get(const std::vector<std::string>& names,
                                                      const std::string& parent = "") {
    loop_.RunReady();
    async::CallContext call(loop_,
                            async::After(loop_.fake_clock().MonotonicNow(), absl::Seconds(30)));
    call.set_method("EnrollmentService.BatchGetEnrollments");
    v1::BatchGetEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_view(v1::VIEW_FULL);
    for (const std::string& name : names) request.add_names(name);
    EnrollmentHandlers handlers(parts());
    return Answer(handlers, &EnrollmentHandlers::BatchGetEnrollments, call, request);
  }

  static std::string Tms(const std::string& id) {
    return absl::StrCat("connections/tms/enrollments/", id);
  }

  std::vector<std::string> asked_;
  int running_ = 0;
  int most_ = 0;
};

TEST_F(BatchGetTest, RecordsComeInTheOrderOfTheirNamesFromAnyConnection) {
  auto batch = Get({Tms("3"), "connections/lms/enrollments/9", Tms("1"), Tms("3")});
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->enrollments_size(), 4);
  EXPECT_EQ(batch->enrollments(0).name(), Tms("3"));
  EXPECT_EQ(batch->enrollments(1).name(), "connections/lms/enrollments/9");
  EXPECT_EQ(batch->enrollments(2).name(), Tms("1"));
  EXPECT_EQ(batch->enrollments(3).name(), Tms("3"));
  EXPECT_EQ(batch->enrollments(0).unknown_fields_size(), 1);
}

TEST_F(BatchGetTest, ABatchIsReadSeveralAtATimeAndNoMore) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(Tms(absl::StrCat(i)));
  const absl::Time begun = loop_.fake_clock().WallNow();
  ASSERT_TRUE(Get(names).ok());
  EXPECT_EQ(most_, 8);
  EXPECT_EQ(loop_.fake_clock().WallNow() - begun, absl::Milliseconds(50));
}

TEST_F(BatchGetTest, OneThatFailsIsTheBatchsFailureAndSaysWhich) {
  const absl::Time begun = loop_.fake_clock().WallNow();
  const absl::Status status = Get({Tms("x-late"), Tms("1"), Tms("x-2")}).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_RESOURCE_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(status)["name"], Tms("x-2"));
  EXPECT_EQ(loop_.fake_clock().WallNow() - begun, absl::Milliseconds(10));
}

TEST_F(BatchGetTest, AFailureSparesWhatWasNotAskedYet) {
  std::vector<std::string> names = {Tms("x-1")};
  for (int i = 0; i < 40; ++i) names.push_back(Tms(absl::StrCat(i)));
  EXPECT_FALSE(Get(names).ok());
  EXPECT_THAT(asked_, SizeIs(8));
}

TEST_F(BatchGetTest, NothingIsAskedForABatchThatIsWrong) {
  struct Case {
    std::vector<std::string> names;
    std::string parent;
    v1::ErrorReason reason;
  };
  const std::vector<Case> cases = {
      {{}, "", v1::ERROR_REASON_ARGUMENT_INVALID},
      {std::vector<std::string>(101, Tms("1")), "", v1::ERROR_REASON_ARGUMENT_INVALID},
      {{Tms("1")}, "connections/lms", v1::ERROR_REASON_ARGUMENT_INVALID},
      {{Tms("1")}, "tms", v1::ERROR_REASON_RESOURCE_NAME_INVALID},
      {{Tms("1"), "connections/-/enrollments/1"}, "", v1::ERROR_REASON_RESOURCE_NAME_INVALID},
      {{Tms("1"), "connections/no/enrollments/1"}, "", v1::ERROR_REASON_CONNECTION_UNKNOWN},
      {{Tms("1"), "connections/bare/enrollments/1"}, "", v1::ERROR_REASON_OPERATION_NOT_SUPPORTED}};
  for (const Case& each : cases) {
    EXPECT_EQ(errors::ReasonOf(Get(each.names, each.parent).status()), each.reason);
  }
  EXPECT_THAT(asked_, SizeIs(0));
}

TEST_F(BatchGetTest, OneThatCanNotEvenBeAskedForIsNamedToo) {
  for (const char* name : {"connections/no/enrollments/1", "connections/bare/enrollments/1"}) {
    const absl::Status status = Get({Tms("1"), name}).status();
    EXPECT_EQ(errors::MetadataOf(status)["name"], name) << status;
  }
}

TEST_F(BatchGetTest, WhatIsNoNameOrAnotherParentsIsToldByItsPlace) {
  const absl::Status no_name = Get({Tms("1"), Tms("2"), "al@example.com"}).status();
  EXPECT_THAT(std::string(no_name.message()), StartsWith("names[2]: "));
  EXPECT_EQ(errors::MetadataOf(no_name).count("name"), 0u) << "it may be anything";
  const absl::Status other =
      Get({Tms("1"), "connections/lms/enrollments/9"}, "connections/tms").status();
  EXPECT_THAT(std::string(other.message()), StartsWith("names[1]: "));
}

TEST_F(BatchGetTest, TheParentMayBeTheConnectionOrAll) {
  for (const char* parent : {"", "connections/tms", "connections/-"}) {
    EXPECT_TRUE(Get({Tms("1"), Tms("2")}, parent).ok()) << parent;
  }
}

}  // namespace
}  // namespace edugate::services
