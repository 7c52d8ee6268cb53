#include "services/connection_service.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/sleep.h"
#include "runtime/telemetry/drift_counter.h"
#include "services/service_fixture.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;

using Probed = absl::StatusOr<adapters::ProbeResult>;

class ConnectionHandlersTest : public ServiceFixture {
 protected:
  ConnectionHandlersTest() { Probing(adapters::ProbeResult{}); }

  // The connections, of which `oa` answers its probe so, after 40 ms.
  void Probing(Probed result) {
    adapters::Connection oa{.id = "oa", .provider = "openapply", .display_name = "Lincoln"};
    oa.ports.probe = [result](async::CallContext& call, const adapters::Probe&) {
      return AnswerLater(call, result);
    };
    oa.ports.list_enrollments =
        Listing(Answering<adapters::EnrollmentQuery, WholePage<v1::Enrollment>>(
            WholePage<v1::Enrollment>{}, nullptr));
    Load({oa,
          {.id = "tms", .provider = "class_enrollment", .display_name = "tms"},
          {.id = "oa2", .provider = "openapply", .display_name = "oa2"}});
  }

  // From now on these are configured.
  void Load(std::vector<adapters::Connection> connections) {
    Configure(std::move(connections));
    ServiceParts with_drift = parts();
    with_drift.drift = &drift_;
    handlers_ = std::make_unique<ConnectionHandlers>(with_drift);
  }
  void LoadIds(const std::vector<std::string>& ids) {
    std::vector<adapters::Connection> connections;
    for (const std::string& id : ids) connections.push_back({.id = id, .provider = "openapply"});
    Load(std::move(connections));
  }

  absl::StatusOr<v1::ListDriftResponse> Drift(const v1::ListDriftRequest& request) {
    const auto call = Call("ConnectionService.ListDrift");
    return loop_.RunToCompletion(handlers_->ListDrift(*call, request));
  }

  static std::vector<std::string> Paths(const v1::ListDriftResponse& response) {
    std::vector<std::string> paths;
    for (const auto& each : response.drift()) paths.push_back(each.path());
    return paths;
  }

  static async::Task<Probed> AnswerLater(async::CallContext& call, Probed result) {
    absl::Status slept = co_await async::Sleep(call, absl::Milliseconds(40));
    if (!slept.ok()) co_return slept;
    co_return result;
  }

  absl::StatusOr<v1::ListConnectionsResponse> List(const v1::ListConnectionsRequest& request) {
    const auto call = Call("ConnectionService.ListConnections");
    return loop_.RunToCompletion(handlers_->ListConnections(*call, request));
  }

  absl::StatusOr<v1::Connection> Get(const std::string& name) {
    const auto call = Call("ConnectionService.GetConnection");
    v1::GetConnectionRequest request;
    request.set_name(name);
    return loop_.RunToCompletion(handlers_->GetConnection(*call, request));
  }

  absl::StatusOr<v1::CheckConnectionResponse> Check(const std::string& name) {
    const auto call = Call("ConnectionService.CheckConnection");
    v1::CheckConnectionRequest request;
    request.set_name(name);
    return loop_.RunToCompletion(handlers_->CheckConnection(*call, request));
  }

  static std::vector<std::string> Names(const v1::ListConnectionsResponse& response) {
    std::vector<std::string> names;
    for (const auto& each : response.connections()) names.push_back(each.name());
    return names;
  }

  telemetry::DriftCounter drift_{loop_.clock()};
  std::unique_ptr<ConnectionHandlers> handlers_;
};

TEST_F(ConnectionHandlersTest, ListsWhatIsConfiguredById) {
  auto response = List({});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response),
              ElementsAre("connections/oa", "connections/oa2", "connections/tms"));
  EXPECT_EQ(response->next_page_token(), "");
  EXPECT_EQ(response->connections(0).provider(), "openapply");
  EXPECT_EQ(response->connections(0).display_name(), "Lincoln");
}

TEST_F(ConnectionHandlersTest, PagesAndFilters) {
  v1::ListConnectionsRequest request;
  request.set_page_size(1);
  request.set_filter("provider = openapply");
  auto first = List(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Names(*first), ElementsAre("connections/oa"));
  request.set_page_token(first->next_page_token());
  auto second = List(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Names(*second), ElementsAre("connections/oa2"));
  EXPECT_EQ(second->next_page_token(), "");

  request.set_filter("provider = measureone");
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  request.clear_page_token();
  EXPECT_TRUE(Names(*List(request)).empty());
}

TEST_F(ConnectionHandlersTest, PagesHoldEachOnceThoughTheConfigurationIsLoadedAgainBetweenThem) {
  struct Case {
    const char* what;
    std::vector<std::string> reloaded;
    std::vector<std::string> rest;  // after `b` and `d`
  };
  for (const Case& each : {Case{"one before goes", {"d", "f", "h"}, {"f", "h"}},
                           Case{"one before comes", {"b", "d", "f", "h", "a"}, {"f", "h"}},
                           Case{"the last one goes", {"b", "f", "h"}, {"f", "h"}},
                           Case{"all before go", {"h", "f"}, {"f", "h"}},
                           Case{"one after comes", {"b", "d", "e", "f", "h"}, {"e", "f", "h"}},
                           Case{"one after goes", {"b", "d", "h"}, {"h"}},
                           Case{"they are in another order", {"h", "f", "d", "b"}, {"f", "h"}},
                           Case{"all after go", {"b", "d"}, {}}}) {
    LoadIds({"b", "d", "f", "h"});
    v1::ListConnectionsRequest request;
    request.set_page_size(2);
    auto page = List(request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(Names(*page), ElementsAre("connections/b", "connections/d"));

    LoadIds(each.reloaded);
    std::vector<std::string> rest;
    while (!page->next_page_token().empty()) {
      request.set_page_token(page->next_page_token());
      page = List(request);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const auto& connection : page->connections()) {
        rest.push_back(connection.name().substr(std::string("connections/").size()));
      }
    }
    EXPECT_EQ(rest, each.rest) << each.what;
  }
}

TEST_F(ConnectionHandlersTest, FiltersByWhatAConnectionSupports) {
  v1::ListConnectionsRequest request;
  request.set_filter("method = \"EnrollmentService.ListEnrollments\"");
  EXPECT_THAT(Names(*List(request)), ElementsAre("connections/oa"));
  request.set_filter("method = \"EnrollmentService.BulkEnroll\"");
  EXPECT_TRUE(Names(*List(request)).empty());
}

TEST_F(ConnectionHandlersTest, RefusesOtherFiltersAndNegativePageSizes) {
  v1::ListConnectionsRequest request;
  request.set_filter("display_name = Lincoln");
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_FILTER_UNSUPPORTED);
  request.clear_filter();
  request.set_page_size(-1);
  EXPECT_EQ(errors::ReasonOf(List(request).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST_F(ConnectionHandlersTest, AConnectionSaysWhatItCan) {
  auto connection = Get("connections/oa");
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_EQ(connection->capabilities_size(), 2);
  EXPECT_EQ(connection->capabilities(0).method(), "EnrollmentService.ListEnrollments");
  EXPECT_FALSE(connection->has_last_check());
}

TEST_F(ConnectionHandlersTest, UnknownAndMalformedNamesAreRefused) {
  EXPECT_EQ(errors::ReasonOf(Get("connections/none").status()),
            v1::ERROR_REASON_CONNECTION_UNKNOWN);
  EXPECT_EQ(errors::ReasonOf(Get("oa").status()), v1::ERROR_REASON_RESOURCE_NAME_INVALID);
  EXPECT_EQ(errors::ReasonOf(Check("connections/none").status()),
            v1::ERROR_REASON_CONNECTION_UNKNOWN);
}

TEST_F(ConnectionHandlersTest, ACheckThatWorksSaysWhenAndHowFast) {
  auto response = Check("connections/oa");
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::ConnectionCheck& check = response->check();
  EXPECT_EQ(check.state(), v1::CONNECTION_STATE_WORKING);
  EXPECT_EQ(check.latency().seconds(), 0);
  EXPECT_EQ(check.latency().nanos(), 40'000'000);
  EXPECT_EQ(check.check_time().seconds(), absl::ToUnixSeconds(loop_.clock().WallNow()));
  EXPECT_EQ(check.reason(), "");
  EXPECT_EQ(Get("connections/oa")->last_check().state(), v1::CONNECTION_STATE_WORKING);
}

TEST_F(ConnectionHandlersTest, ACheckSaysHowFarTheProvidersClockIsAhead) {
  // The provider answers after 40 ms of the loop's time.
  const absl::Time answered = loop_.fake_clock().WallNow() + absl::Milliseconds(40);
  Probing(adapters::ProbeResult{.provider_time = answered + absl::Seconds(90)});
  const auto ahead = Check("connections/oa");
  ASSERT_TRUE(ahead.ok()) << ahead.status();
  EXPECT_EQ(ahead->check().clock_skew().seconds(), 90);

  Probing(adapters::ProbeResult{});
  const auto silent = Check("connections/oa");
  ASSERT_TRUE(silent.ok());
  EXPECT_FALSE(silent->check().has_clock_skew());
}

TEST_F(ConnectionHandlersTest, AFailedCheckIsTheAnswer) {
  struct Case {
    v1::ErrorReason reason;
    v1::ConnectionState state;
  };
  for (const Case& each :
       {Case{v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID,
             v1::CONNECTION_STATE_CREDENTIALS_INVALID},
        Case{v1::ERROR_REASON_PROVIDER_UNAVAILABLE, v1::CONNECTION_STATE_UNAVAILABLE},
        Case{v1::ERROR_REASON_PROVIDER_ERROR, v1::CONNECTION_STATE_UNAVAILABLE},
        Case{v1::ERROR_REASON_RESOURCE_NOT_FOUND, v1::CONNECTION_STATE_MISCONFIGURED},
        Case{v1::ERROR_REASON_OPERATION_NOT_SUPPORTED, v1::CONNECTION_STATE_MISCONFIGURED},
        Case{v1::ERROR_REASON_PROVIDER_DENIED, v1::CONNECTION_STATE_UNKNOWN}}) {
    Probing(errors::FromProvider({.reason = each.reason, .message = "in edugate's words"}, {}));
    auto response = Check("connections/oa");
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->check().state(), each.state) << errors::ReasonName(each.reason);
    EXPECT_EQ(response->check().reason(), errors::ReasonName(each.reason));
    EXPECT_EQ(response->check().message(), "in edugate's words");
    EXPECT_EQ(Get("connections/oa")->last_check().state(), each.state);
  }
}

TEST_F(ConnectionHandlersTest, ADeadlineThatLeftACheckNoTimeIsNoNews) {
  Probing(errors::DeadlineExceeded({}));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Check("connections/oa").status()));
  EXPECT_FALSE(Get("connections/oa")->has_last_check());
}

TEST_F(ConnectionHandlersTest, ACancelledCheckIsNoNews) {
  Probing(errors::Cancelled({}));
  EXPECT_TRUE(absl::IsCancelled(Check("connections/oa").status()));
  EXPECT_FALSE(Get("connections/oa")->has_last_check());
}

TEST_F(ConnectionHandlersTest, AConnectionWithoutAProbeSaysSo) {
  EXPECT_EQ(errors::ReasonOf(Check("connections/tms").status()),
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
}

TEST_F(ConnectionHandlersTest, DriftIsListedWithItsNamesCountsAndTimes) {
  drift_.ForConnection("openapply", "oa").OnUnknownField("p.M", "a.b");
  drift_.ForConnection("openapply", "oa").OnUnknownField("p.M", "a.b");
  auto response = Drift({});
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->drift_size(), 1);
  const v1::DriftEntry& entry = response->drift(0);
  EXPECT_EQ(entry.provider(), "openapply");
  EXPECT_EQ(entry.connection(), "connections/oa");
  EXPECT_EQ(entry.kind(), v1::DRIFT_KIND_UNKNOWN_FIELD);
  EXPECT_EQ(entry.message(), "p.M");
  EXPECT_EQ(entry.path(), "a.b");
  EXPECT_EQ(entry.count(), 2);
  EXPECT_EQ(entry.first_seen_time().seconds(), absl::ToUnixSeconds(loop_.clock().WallNow()));
  EXPECT_EQ(entry.last_seen_time().seconds(), entry.first_seen_time().seconds());
}

TEST_F(ConnectionHandlersTest, PagesOfDriftHoldEachOnceThoughTheListGrows) {
  for (const char* path : {"b", "d", "f"})
    drift_.ForConnection("openapply", "oa").OnMissing("p.M", path);
  v1::ListDriftRequest request;
  request.set_page_size(2);
  auto first = Drift(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Paths(*first), ElementsAre("b", "d"));
  for (const char* path : {"a", "e"})
    drift_.ForConnection("openapply", "oa").OnMissing("p.M", path);
  request.set_page_token(first->next_page_token());
  auto second = Drift(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Paths(*second), ElementsAre("e", "f"));
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(ConnectionHandlersTest, WhatAConnectionsFormerProviderSharesIsListedForBoth) {
  drift_.ForConnection("class_enrollment", "oa").OnMissing("p.M", "a");
  drift_.ForConnection("openapply", "oa").OnMissing("p.M", "a");
  v1::ListDriftRequest request;
  request.set_page_size(1);
  auto first = Drift(request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->drift_size(), 1);
  EXPECT_EQ(first->drift(0).provider(), "class_enrollment");
  request.set_page_token(first->next_page_token());
  auto second = Drift(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->drift_size(), 1);
  EXPECT_EQ(second->drift(0).provider(), "openapply");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(ConnectionHandlersTest, DriftIsNarrowedByConnectionProviderAndKind) {
  drift_.ForConnection("openapply", "oa").OnMissing("p.M", "a");
  drift_.ForConnection("openapply", "oa").OnNewEnumValue("p.M", "b");
  drift_.ForConnection("class_enrollment", "tms").OnMissing("p.M", "c");
  v1::ListDriftRequest request;
  request.set_parent("connections/tms");
  EXPECT_THAT(Paths(*Drift(request)), ElementsAre("c"));
  request.set_parent("connections/-");
  request.set_filter("provider = openapply AND kind = NEW_ENUM_VALUE");
  EXPECT_THAT(Paths(*Drift(request)), ElementsAre("b"));
  request.set_filter("kind = NEW");
  EXPECT_EQ(errors::ReasonOf(Drift(request).status()), v1::ERROR_REASON_FILTER_UNSUPPORTED);
  request.clear_filter();
  request.set_parent("connections/none");
  EXPECT_EQ(errors::ReasonOf(Drift(request).status()), v1::ERROR_REASON_CONNECTION_UNKNOWN);
  request.set_parent("oa");
  EXPECT_EQ(errors::ReasonOf(Drift(request).status()), v1::ERROR_REASON_RESOURCE_NAME_INVALID);
}

}  // namespace
}  // namespace edugate::services
