// The adapter against the simulated provider, over real HTTP and with real tokens.
#include "adapters/edx_enterprise/edx_adapter.h"
#include "adapters/testing/whole_page.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/clock.h"
#include "runtime/auth/factory.h"
#include "runtime/errors/errors.h"
#include "runtime/http/curl_http_client.h"
#include "sandbox/sandbox.h"

namespace edugate::adapters {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::SizeIs;

constexpr char kCatalog[] = "3f56a21c-76c8-47c0-add8-a99714d40d94";
constexpr char kPlan[] = "104b1785-1d3a-1000-148d-1ae7a56e6355";
constexpr char kCustomer[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";

class EdxSandboxTest : public ::testing::Test {
 protected:
  EdxSandboxTest() : sandbox_(*sandbox::Sandbox::Start({})) {
    http_.emplace(loop_, http::CurlOptions{.allow_loopback = true});
    auth::OAuth2ClientOptions oauth{
        .token_url = sandbox_->base_url("edx_enterprise") + "/oauth2/v1/access_token",
        .client_id = config::SecretSource::Value(sandbox::kEdxClientId),
        .client_secret = config::SecretSource::Value(sandbox::kEdxClientSecret),
        .token_type = "jwt",
        .header_scheme = "JWT",
        .forbidden_is_rate_limit = true};
    authorizer_ = *auth::MakeAuthorizer({.scheme = oauth}, &*http_, &async::SystemClock());
    rest::ClientParts parts;
    parts.connection = "edx";
    parts.provider = "edx_enterprise";
    parts.endpoint.base_url = sandbox_->base_url("edx_enterprise");
    parts.http = &*http_;
    parts.authorizer = authorizer_.get();
    parts.classifier = &EdxAdapter::Errors();
    client_.emplace(std::move(parts));
  }

  Ports PortsOf(bool xml) {
    adapters_.push_back(std::make_unique<EdxAdapter>(
        *client_, EdxOptions{.enterprise_customer_uuid = kCustomer, .xml = xml}));
    return adapters_.back()->ports();
  }

  template <typename Argument, typename Result>
  absl::StatusOr<Result> Run(const Port<Argument, Result>& port, const Argument& argument) {
    async::CallContext call(loop_, async::kNever);
    return async::BlockOn(loop_, port(call, argument));
  }

  template <typename Query, typename Record>
  absl::StatusOr<testing::WholePage<Record>> Run(const PagePort<Query, Record>& port,
                                                 const Query& query) {
    async::CallContext call(loop_, async::kNever);
    return async::BlockOn(loop_, testing::ReadWholePage(call, port, query));
  }

  std::vector<v1::CatalogItem> WholeCatalog(const Ports& ports) {
    std::vector<v1::CatalogItem> items;
    PageQuery query;
    query.parent = {"edx", {kCatalog}};
    do {
      auto page = Run(ports.list_catalog_items, query);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (v1::CatalogItem& item : page->records) items.push_back(std::move(item));
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return items;
  }

  int64_t TokensFetched() const {
    return sandbox_->CountRequests("edx_enterprise", "/oauth2/v1/access_token");
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  async::EventLoop loop_;
  std::optional<http::CurlHttpClient> http_;
  std::unique_ptr<auth::Authorizer> authorizer_;
  std::optional<rest::Client> client_;
  std::vector<std::unique_ptr<EdxAdapter>> adapters_;
};

TEST_F(EdxSandboxTest, ReadsACatalogWholeOverAnEmptyPageWithOneToken) {
  EXPECT_THAT(WholeCatalog(PortsOf(/*xml=*/false)), SizeIs(320));
  EXPECT_EQ(TokensFetched(), 1);
}

TEST_F(EdxSandboxTest, ReadsTheSameCatalogFromXml) {
  const std::vector<v1::CatalogItem> from_json = WholeCatalog(PortsOf(/*xml=*/false));
  const std::vector<v1::CatalogItem> from_xml = WholeCatalog(PortsOf(/*xml=*/true));
  ASSERT_THAT(from_xml, SizeIs(from_json.size()));
  for (size_t i = 0; i < from_json.size(); ++i) {
    MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(from_json[i], from_xml[i])) << difference;
  }
}

TEST_F(EdxSandboxTest, FetchesATokenAgainWhenItHasGone) {
  const Ports ports = PortsOf(/*xml=*/false);
  EXPECT_TRUE(Run(ports.probe, Probe()).ok());
  sandbox_->Reset();
  EXPECT_TRUE(Run(ports.probe, Probe()).ok());
  EXPECT_EQ(TokensFetched(), 1);
}

TEST_F(EdxSandboxTest, TakesThe403OfTheTokenEndpointForARateLimit) {
  sandbox_->AddFault({.provider = "edx_enterprise", .path_contains = "/oauth2/", .status = 403});
  EXPECT_EQ(errors::ReasonOf(Run(PortsOf(/*xml=*/false).probe, Probe()).status()),
            v1::ERROR_REASON_PROVIDER_RATE_LIMITED);
}

TEST_F(EdxSandboxTest, GivesALicenseAndTakesItBack) {
  const Ports ports = PortsOf(/*xml=*/false);
  Routed<v1::AssignLicensesRequest> assign{{"edx", {kPlan}}, {}};
  assign.request.add_learner_emails("Ann@example.com");
  const auto assigned = Run(ports.assign_licenses, assign);
  ASSERT_TRUE(assigned.ok()) << assigned.status();
  EXPECT_EQ(assigned->results(0).outcome(), v1::LICENSE_OUTCOME_ASSIGNED);
  const auto again = Run(ports.assign_licenses, assign);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->results(0).outcome(), v1::LICENSE_OUTCOME_ALREADY_ASSIGNED);

  Routed<v1::RevokeLicensesRequest> revoke{{"edx", {kPlan}}, {}};
  revoke.request.set_email_contains("ann@");
  const auto revoked = Run(ports.revoke_licenses, revoke);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(revoked->revoked_count(), 1);
  const auto plans = Run(ports.list_subscription_plans, PageQuery());
  ASSERT_TRUE(plans.ok()) << plans.status();
  EXPECT_EQ(plans->records[0].license_counts().revoked(), 1);
}

TEST_F(EdxSandboxTest, ShowsABulkEnrollmentAmongTheEnrollments) {
  const Ports ports = PortsOf(/*xml=*/true);
  Routed<v1::BulkEnrollRequest> enroll{{"edx", {}}, {}};
  enroll.request.add_learner_emails("New@example.com");
  enroll.request.add_course_run_keys("course-v1:SandX+C001+1T2027");
  const auto enrolled = Run(ports.bulk_enroll, enroll);
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();

  EnrollmentQuery query;
  std::vector<v1::Enrollment> enrollments;
  do {
    auto page = Run(ports.list_enrollments, query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (v1::Enrollment& each : page->records) enrollments.push_back(std::move(each));
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  ASSERT_THAT(enrollments, SizeIs(121));
  EXPECT_EQ(enrollments.back().learner().email(), "new@example.com");
}

}  // namespace
}  // namespace edugate::adapters
