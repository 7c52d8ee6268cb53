// One call over several providers, of which some are broken.

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/port.h"

namespace edugate::end_to_end {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

std::string OpenApplyAt(const std::string& id, const std::string& url) {
  return absl::StrCat("  - { id: ", id, ", provider: openapply, base_url: \"", url,
                      "\", auth: { bearer: { value: \"canary-wrong-token-4711\" } } }\n");
}

// The sandbox's company at edX.
constexpr char kCustomer[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";

// It, asked for JSON and for XML.
std::string EdxConnections() {
  std::string yaml;
  for (const char* format : {"json", "xml"}) {
    absl::StrAppend(
        &yaml, "  - { id: edx-", format,
        ", provider: edx_enterprise, base_url: \"{url}/edx_enterprise\", auth: { oauth2_client: "
        "{ token_url: \"{url}/edx_enterprise/oauth2/v1/access_token\", client_id: { value: ",
        sandbox::kEdxClientId, " }, client_secret: { value: ", sandbox::kEdxClientSecret,
        " } } }, options: { enterprise_customer_uuid: ", kCustomer, ", response_format: ", format,
        " } }\n");
  }
  return yaml;
}

// The connections that are well.
constexpr const char* kGood[] = {"oa", "tms", "edx-json", "edx-xml"};

class FederationTest : public ::testing::Test {
 protected:
  // Everything that the good connections have, each asked by itself.
  static std::vector<std::string> RecordsOfEach(Deployment& deployment) {
    std::vector<std::string> records;
    for (const char* id : kGood) {
      v1::ListEnrollmentsRequest request;
      request.set_parent(absl::StrCat("connections/", id));
      request.set_page_size(1000);
      const auto own = WalkPages(deployment, request);
      EXPECT_FALSE(own.empty()) << id;
      for (const auto& each : own) records.push_back(each.SerializeAsString());
    }
    return records;
  }

  static v1::ListEnrollmentsRequest Everywhere(int page_size) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/-");
    request.set_page_size(page_size);
    return request;
  }

  static std::vector<std::string> BytesOf(const std::vector<v1::Enrollment>& records) {
    std::vector<std::string> bytes;
    for (const auto& each : records) bytes.push_back(each.SerializeAsString());
    return bytes;
  }

  static std::map<std::string, std::string> Reasons(const v1::ListEnrollmentsResponse& page) {
    std::map<std::string, std::string> reasons;
    for (const auto& each : page.unreachable_details()) reasons[each.connection()] = each.reason();
    return reasons;
  }
};

// A person is looked for by what all systems know, each provider in its own way.
class LearnerFederationTest : public FederationTest {
 protected:
  std::vector<v1::Enrollment> RecordsOf(const std::string& learner,
                                        std::map<std::string, std::string>& unreachable) {
    v1::ListEnrollmentsRequest request = Everywhere(1000);
    request.set_learner(learner);
    std::vector<v1::Enrollment> records;
    do {
      v1::ListEnrollmentsResponse page;
      const grpc::Status status = List(deployment_, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      records.insert(records.end(), page.enrollments().begin(), page.enrollments().end());
      unreachable = Reasons(page);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return records;
  }

  Deployment deployment_{{.more_connections = EdxConnections(), .adjust = [](v1::Config& config) {
                            for (auto& each : *config.mutable_connections()) {
                              if (each.provider() == "edx_enterprise") continue;
                              each.set_learner_id_issuer("urn:lincoln:sis");
                            }
                          }}};
};

TEST_F(LearnerFederationTest, ByEmailWhereTheProviderLooksThePersonUp) {
  std::map<std::string, std::string> unreachable;
  const auto records = RecordsOf("Joe.Smith@yourorg.com", unreachable);
  ASSERT_FALSE(records.empty());
  for (const v1::Enrollment& each : records) {
    EXPECT_THAT(each.name(), ::testing::StartsWith("connections/tms/"));
    EXPECT_EQ(each.learner().provider_id(), "897615");
  }
  EXPECT_EQ(unreachable,
            (std::map<std::string, std::string>{{"connections/oa", "FILTER_UNSUPPORTED"}}));
}

TEST_F(LearnerFederationTest, ByEmailWhereTheWholeListMustBeRead) {
  v1::ListEnrollmentsRequest everybody;
  everybody.set_parent("connections/edx-json");
  everybody.set_page_size(1000);
  const auto all = WalkPages(deployment_, everybody);
  ASSERT_FALSE(all.empty());
  const std::string email = all.back().learner().email();
  size_t expected = 0;
  for (const auto& each : all) expected += each.learner().email() == email ? 1 : 0;
  std::map<std::string, std::string> unreachable;
  const auto records = RecordsOf(email, unreachable);
  std::map<std::string, size_t> found;
  for (const v1::Enrollment& each : records) {
    EXPECT_EQ(each.learner().email(), email);
    ++found[each.name().substr(0, each.name().find("/enrollments"))];
  }
  EXPECT_EQ(found, (std::map<std::string, size_t>{{"connections/edx-json", expected},
                                                  {"connections/edx-xml", expected}}));
}

TEST_F(LearnerFederationTest, ByTheIdOfAnotherSystem) {
  std::map<std::string, std::string> unreachable;
  const auto students = RecordsOf("urn:lincoln:sis|314", unreachable);
  ASSERT_FALSE(students.empty());
  for (const v1::Enrollment& each : students) EXPECT_EQ(each.learner().student_number(), "314");
  EXPECT_EQ(unreachable,
            (std::map<std::string, std::string>{{"connections/edx-json", "FILTER_UNSUPPORTED"},
                                                {"connections/edx-xml", "FILTER_UNSUPPORTED"}}));
  const auto users = RecordsOf("urn:lincoln:sis|C9876ZFGEFER9876", unreachable);
  ASSERT_FALSE(users.empty());
  for (const v1::Enrollment& each : users) EXPECT_EQ(each.learner().provider_id(), "897615");
  v1::ListEnrollmentsResponse page;
  v1::ListEnrollmentsRequest request = Everywhere(10);
  request.set_learner("urn:other|314");
  const auto context = Context();
  const grpc::Status status =
      deployment_.enrollments().ListEnrollments(context.get(), request, &page);
  EXPECT_EQ(FailureOf(status, *context).reason, "FILTER_UNSUPPORTED");
}

class BrokenFederationTest : public FederationTest {
 protected:
  const std::map<std::string, std::string> kBroken = {
      {"connections/locked-out", "PROVIDER_CREDENTIALS_INVALID"},
      {"connections/dead", "PROVIDER_UNAVAILABLE"},
      {"connections/hanging", "DEADLINE_EXCEEDED"}};

  Port refusing_{false};
  Port silent_{true};
  Deployment deployment_{
      {.more_connections = absl::StrCat(
           EdxConnections(), OpenApplyAt("locked-out", "{url}/openapply"),
           OpenApplyAt("dead", absl::StrCat("http://127.0.0.1:", refusing_.number())),
           OpenApplyAt("hanging", absl::StrCat("http://127.0.0.1:", silent_.number()))),
       .adjust = [](v1::Config& config) {
         config.mutable_server()->set_connection_deadline_percent(15);
       }}};
};

TEST_F(BrokenFederationTest, ThreeOfSevenConnectionsBrokenLeaveTheOthersRecordsAndAreNamed) {
  ASSERT_TRUE(refusing_.bound() && silent_.bound());
  const std::vector<std::string> expected = RecordsOfEach(deployment_);
  v1::ListEnrollmentsRequest request = Everywhere(1000);
  std::vector<std::string> records;
  int pages = 0;
  do {
    const auto context = Context(absl::Seconds(10));
    v1::ListEnrollmentsResponse page;
    const grpc::Status status =
        deployment_.enrollments().ListEnrollments(context.get(), request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(Reasons(page), kBroken);
    EXPECT_EQ(std::set<std::string>(page.unreachable().begin(), page.unreachable().end()).size(),
              3u);
    EXPECT_EQ(page.DebugString().find("canary"), std::string::npos);
    for (const auto& each : page.enrollments()) records.push_back(each.SerializeAsString());
    if (pages == 0) EXPECT_EQ(page.enrollments_size(), static_cast<int>(expected.size()));
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty() && pages < 10);
  // All in the first, and the broken ones once more in the second.
  EXPECT_EQ(pages, 2);
  EXPECT_THAT(records, UnorderedElementsAreArray(expected));
}

TEST_F(BrokenFederationTest, SmallPagesAreFullAndYieldEveryRecordOnce) {
  const std::vector<std::string> expected = RecordsOfEach(deployment_);
  v1::ListEnrollmentsRequest request = Everywhere(90);
  std::vector<std::string> records;
  do {
    v1::ListEnrollmentsResponse page;
    const auto context = Context(absl::Seconds(10));
    ASSERT_TRUE(deployment_.enrollments().ListEnrollments(context.get(), request, &page).ok());
    for (const auto& each : page.enrollments()) records.push_back(each.SerializeAsString());
    if (records.size() < expected.size()) EXPECT_EQ(page.enrollments_size(), 90);
    EXPECT_EQ(Reasons(page), kBroken);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(records, UnorderedElementsAreArray(expected));
}

TEST_F(BrokenFederationTest, AStreamSendsTheOthersRecordsAndEndsWithWhatIsMissing) {
  const std::vector<std::string> expected = RecordsOfEach(deployment_);
  const auto context = Context(absl::Seconds(10));
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/-");
  const auto reader = deployment_.enrollments().StreamEnrollments(context.get(), request);
  std::vector<std::string> records;
  v1::Enrollment record;
  while (reader->Read(&record)) records.push_back(record.SerializeAsString());
  const grpc::Status status = reader->Finish();
  EXPECT_THAT(records, UnorderedElementsAreArray(expected));
  EXPECT_EQ(FailureOf(status, *context).reason, "PROVIDER_UNAVAILABLE");
  std::vector<std::string> missing;
  std::string token;
  for (const auto& [key, value] : context->GetServerTrailingMetadata()) {
    const std::string name(key.data(), key.size());
    if (name == "edugate-unreachable") missing.emplace_back(value.data(), value.size());
    if (name == "edugate-next-page-token") token = std::string(value.data(), value.size());
  }
  EXPECT_THAT(missing, UnorderedElementsAre("connections/locked-out PROVIDER_CREDENTIALS_INVALID",
                                            "connections/dead PROVIDER_UNAVAILABLE",
                                            "connections/hanging DEADLINE_EXCEEDED"));
  EXPECT_NE(token, "");
}

class WellFederationTest : public FederationTest {
 protected:
  Deployment deployment_{{.more_connections = EdxConnections()}};
};

TEST_F(WellFederationTest, PagingYieldsEveryRecordOnceWhereAProviderFailsForAWhile) {
  const std::vector<std::string> expected = RecordsOfEach(deployment_);
  // Every attempt of the first page.
  deployment_.providers().AddFault({.provider = "openapply", .count = 3, .status = 503});
  v1::ListEnrollmentsResponse first;
  ASSERT_TRUE(List(deployment_, Everywhere(40), &first).ok());
  EXPECT_THAT(first.unreachable(), ElementsAre("connections/oa"));
  EXPECT_EQ(first.enrollments_size(), 40);

  std::vector<std::string> records;
  for (const auto& each : first.enrollments()) records.push_back(each.SerializeAsString());
  v1::ListEnrollmentsRequest rest = Everywhere(40);
  rest.set_page_token(first.next_page_token());
  for (const std::string& each : BytesOf(WalkPages(deployment_, rest))) records.push_back(each);
  EXPECT_THAT(records, UnorderedElementsAreArray(expected));
}

TEST_F(WellFederationTest, AStreamOverConnectionsThatAreWellEndsWithOk) {
  v1::StreamEnrollmentsRequest request;
  request.set_parent("connections/-");
  EXPECT_THAT(BytesOf(WalkStream(deployment_, request)),
              UnorderedElementsAreArray(RecordsOfEach(deployment_)));
}

TEST_F(WellFederationTest, AFilterNamesTheConnectionsThatCanNotApplyIt) {
  v1::ListEnrollmentsRequest request = Everywhere(1000);
  request.set_filter("year = 2025");
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  EXPECT_GT(page.enrollments_size(), 0);
  EXPECT_EQ(page.next_page_token(), "");
  EXPECT_EQ(Reasons(page),
            (std::map<std::string, std::string>{{"connections/tms", "FILTER_UNSUPPORTED"},
                                                {"connections/edx-json", "FILTER_UNSUPPORTED"},
                                                {"connections/edx-xml", "FILTER_UNSUPPORTED"}}));
}

TEST_F(WellFederationTest, ALearnerOfOneConnectionIsFoundThere) {
  v1::ListEnrollmentsRequest request = Everywhere(100);
  request.set_learner("oa:460");
  v1::ListEnrollmentsResponse page;
  ASSERT_TRUE(List(deployment_, request, &page).ok());
  ASSERT_GT(page.enrollments_size(), 0);
  for (const auto& each : page.enrollments()) EXPECT_EQ(each.learner().provider_id(), "460");
  EXPECT_EQ(page.unreachable_size(), 3);
}

TEST_F(WellFederationTest, ABatchReadsTheNamedEnrollmentsOrNone) {
  v1::BatchGetEnrollmentsRequest request;
  for (const char* id : {"1003", "10", "1001"}) {
    request.add_names(absl::StrCat("connections/tms/enrollments/", id));
  }
  v1::BatchGetEnrollmentsResponse batch;
  ASSERT_TRUE(deployment_.enrollments().BatchGetEnrollments(Context().get(), request, &batch).ok());
  ASSERT_EQ(batch.enrollments_size(), 3);
  EXPECT_EQ(batch.enrollments(0).provider_id(), "1003");
  EXPECT_EQ(batch.enrollments(2).provider_id(), "1001");

  request.add_names("connections/tms/enrollments/424242");
  const auto context = Context();
  const grpc::Status status =
      deployment_.enrollments().BatchGetEnrollments(context.get(), request, &batch);
  const Failure failure = FailureOf(status, *context);
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(failure.metadata.at("name"), "connections/tms/enrollments/424242");
}

}  // namespace
}  // namespace edugate::end_to_end
