#include "app/status_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edugate::app {
namespace {

ConnectionStatus Connection() {
  ConnectionStatus connection;
  connection.id = "oa";
  connection.provider = "openapply";
  connection.display_name = "Lincoln \"High\"";
  connection.capabilities = {"EnrollmentService.ListEnrollments"};
  return connection;
}

TEST(ConnectionStateTest, ABreakerThatIsNotClosedIsDown) {
  ConnectionStatus connection = Connection();
  EXPECT_EQ(StateOf(connection), "idle");
  connection.breaker = "probing";
  EXPECT_EQ(StateOf(connection), "down");
}

TEST(ConnectionStateTest, TrafficSaysMoreThanTheLastCheck) {
  ConnectionStatus connection = Connection();
  connection.last_check.emplace().set_state(v1::CONNECTION_STATE_WORKING);
  EXPECT_EQ(StateOf(connection), "working");
  connection.figures.total = 100;
  connection.figures.failed_percent = 4;
  EXPECT_EQ(StateOf(connection), "working");
  connection.figures.failed_percent = 5;
  EXPECT_EQ(StateOf(connection), "degraded");
  connection.figures.failed_percent = 50;
  EXPECT_EQ(StateOf(connection), "failing");
}

TEST(ConnectionStateTest, WithLittleTrafficTheLastCheckSaysIt) {
  ConnectionStatus connection = Connection();
  connection.figures.total = 1;
  EXPECT_EQ(StateOf(connection), "working");
  connection.last_check.emplace().set_state(v1::CONNECTION_STATE_UNAVAILABLE);
  EXPECT_EQ(StateOf(connection), "failing");
}

TEST(StatusJsonTest, IsOneObjectWithEveryPart) {
  StatusReport report;
  report.version = "1.2.3";
  report.now = absl::FromUnixSeconds(2000);
  report.process.start_time_seconds = 1000;
  report.ready = true;
  report.loop_lags = {absl::Microseconds(70), absl::Milliseconds(2)};
  ConnectionStatus connection = Connection();
  connection.last_check.emplace().set_reason("PROVIDER_UNAVAILABLE");
  connection.figures.p99_ms = 12.5;
  report.connections.push_back(connection);
  report.methods.push_back({.method = "EnrollmentService.ListEnrollments", .figures = {}});
  const auto json = nlohmann::json::parse(StatusJson(report));
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["uptime_s"], 1000);
  EXPECT_EQ(json["ready"], true);
  EXPECT_EQ(json["loop_lag_us"].dump(), "[70,2000]");
  EXPECT_EQ(json["connections"][0]["display_name"], "Lincoln \"High\"");
  EXPECT_EQ(json["connections"][0]["check"]["reason"], "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(json["connections"][0]["p99_ms"], 12.5);
  EXPECT_EQ(json["methods"][0]["method"], "EnrollmentService.ListEnrollments");
}

}  // namespace
}  // namespace edugate::app
