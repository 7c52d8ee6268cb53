#include "services/port_calls.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/store/request_log.h"
#include "services/caller_rights.h"
#include "services/catalog_service.h"
#include "services/enrollment_service.h"
#include "services/service_fixture.h"
#include "services/transcript_service.h"

namespace edugate::services {
namespace {

// Knows what came of every request: an empty answer.
class AnsweredLog final : public store::RequestLog {
 public:
  async::Task<absl::StatusOr<store::BegunRequest>> Begin(async::CallContext&, std::string,
                                                         std::string, absl::Time) override {
    co_return store::BegunRequest{.state = store::RequestState::kDone};
  }
  async::Task<absl::Status> Finish(async::CallContext&, std::string, int64_t,
                                   std::string) override {
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> Forget(async::CallContext&, std::string, int64_t) override {
    co_return absl::OkStatus();
  }
  async::Task<absl::Status> LeaveUnknown(async::CallContext&, std::string, int64_t) override {
    co_return absl::OkStatus();
  }
};

template <typename Request, typename Response>
adapters::Port<adapters::Routed<Request>, Response> Refusing() {
  return Answering<adapters::Routed<Request>, Response>(
      absl::InternalError("the write is known, and not sent again"), nullptr);
}

class RepeatedWriteTest : public ServiceFixture {
 protected:
  RepeatedWriteTest() {
    adapters::Connection all{.id = "lincoln", .provider = "measureone"};
    all.ports.bulk_enroll = Refusing<v1::BulkEnrollRequest, v1::BulkEnrollResponse>();
    all.ports.start_transcript_access =
        Refusing<v1::StartTranscriptAccessRequest, v1::TranscriptAccessSession>();
    all.ports.submit_transcript_access_mfa =
        Refusing<v1::SubmitTranscriptAccessMfaRequest, v1::TranscriptAccessSession>();
    Configure({all});
  }

  // What each write answers that was sent before with this request_id, where the caller may use
  // `connection`.
  std::vector<absl::Status> SendAgain(const std::string& connection) {
    auto grant = std::make_shared<Grant>();
    grant->connections = {connection};
    const auto rights =
        std::make_shared<CallerRights>(std::vector<std::shared_ptr<const Grant>>{grant});
    ServiceParts with = parts();
    with.request_log = &log_;
    EnrollmentHandlers enrollments(with);
    TranscriptHandlers transcripts(with);
    std::vector<absl::Status> answers;
    const auto call = [&] {
      auto begun = Call("the write");
      begun->set_caller_data(rights);
      return begun;
    };
    v1::BulkEnrollRequest enroll;
    enroll.set_parent("connections/lincoln");
    enroll.set_request_id("r-1");
    const auto enrolling = call();
    answers.push_back(loop_.RunToCompletion(enrollments.BulkEnroll(*enrolling, enroll)).status());
    v1::StartTranscriptAccessRequest start;
    start.set_parent("connections/lincoln");
    start.set_request_id("r-1");
    const auto starting = call();
    answers.push_back(
        loop_.RunToCompletion(transcripts.StartTranscriptAccess(*starting, start)).status());
    v1::SubmitTranscriptAccessMfaRequest submit;
    submit.set_name("connections/lincoln/transcriptAccessSessions/s");
    submit.set_request_id("r-1");
    const auto submitting = call();
    answers.push_back(
        loop_.RunToCompletion(transcripts.SubmitTranscriptAccessMfa(*submitting, submit)).status());
    connections_ = {enrolling->connection(), starting->connection(), submitting->connection()};
    return answers;
  }

  AnsweredLog log_;
  std::vector<std::string> connections_;
};

TEST_F(RepeatedWriteTest, IsAnsweredWithoutTheProvider) {
  for (const absl::Status& answer : SendAgain("lincoln")) EXPECT_TRUE(answer.ok()) << answer;
  EXPECT_EQ(connections_, std::vector<std::string>(3, "lincoln")) << "as metrics and logs have it";
}

TEST_F(RepeatedWriteTest, OfACallerWhoMayNotUseTheConnectionAnyMoreIsDenied) {
  for (const absl::Status& answer : SendAgain("acme")) {
    EXPECT_EQ(errors::ReasonOf(answer), v1::ERROR_REASON_CALLER_DENIED) << answer;
  }
}

class TotalSizeTest : public ServiceFixture {
 protected:
  // What a list of a catalog answers where the provider says of its two pages' totals `totals`.
  v1::ListCatalogItemsResponse List(std::vector<std::optional<int64_t>> totals) {
    adapters::Connection acme{.id = "acme", .provider = "edx_enterprise"};
    acme.ports.list_catalog_items = Listing<adapters::PageQuery, v1::CatalogItem>(
        [totals](async::CallContext&, const adapters::PageQuery& query) {
          return Page(query, totals);
        });
    Configure({acme});
    v1::ListCatalogItemsRequest request;
    request.set_parent("connections/acme/catalogs/c");
    CatalogHandlers handlers(parts());
    const auto call = Call("CatalogService.ListCatalogItems");
    auto response = Answer(handlers, &CatalogHandlers::ListCatalogItems, *call, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::ListCatalogItemsResponse();
  }

 private:
  static async::Task<absl::StatusOr<WholePage<v1::CatalogItem>>> Page(
      const adapters::PageQuery& query, std::vector<std::optional<int64_t>> totals) {
    const bool first = query.cursor.empty();
    const std::optional<int64_t> total = totals[first ? 0 : 1];
    if (total.has_value()) *query.total_size = total;
    co_return WholePage<v1::CatalogItem>{.records = {v1::CatalogItem()},
                                         .next_cursor = first ? "2" : ""};
  }
};

TEST_F(TotalSizeTest, IsWhatTheProviderSaysLastOrAbsent) {
  EXPECT_EQ(List({320, 319}).approximate_total_size(), 319);
  EXPECT_EQ(List({320, std::nullopt}).approximate_total_size(), 320);
  EXPECT_TRUE(List({0, 0}).has_approximate_total_size());
  EXPECT_FALSE(List({std::nullopt, std::nullopt}).has_approximate_total_size());
}

}  // namespace
}  // namespace edugate::services
