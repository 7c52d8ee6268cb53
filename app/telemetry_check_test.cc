#include "app/telemetry_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace edugate::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;

std::map<std::string, std::string> MistakesOf(const v1::TelemetryConfig& telemetry) {
  std::map<std::string, std::string> mistakes;
  CheckTelemetry(telemetry, [&](const std::string& key, absl::string_view what) {
    mistakes[key] = std::string(what);
  });
  return mistakes;
}

v1::TelemetryConfig WithEndpoint(const std::string& endpoint) {
  v1::TelemetryConfig telemetry;
  telemetry.mutable_otlp()->set_endpoint(endpoint);
  return telemetry;
}

TEST(TelemetryCheckTest, WhatIsRightIsTaken) {
  EXPECT_THAT(MistakesOf({}), IsEmpty());
  v1::TelemetryConfig telemetry = WithEndpoint("http://collector:4318/v1/traces");
  EXPECT_THAT(MistakesOf(telemetry), IsEmpty());
  telemetry.mutable_otlp()->set_sample_percent(0);
  telemetry.mutable_otlp()->set_header("Authorization");
  telemetry.mutable_otlp()->mutable_header_value()->set_value("Bearer x");
  EXPECT_THAT(MistakesOf(telemetry), IsEmpty());
}

TEST(TelemetryCheckTest, TheEndpointIsAWholeUrl) {
  for (const char* url : {"", "collector:4318", "ftp://collector/v1", "http://", "http:///v1",
                          "http://user:pass@collector/v1", "http://c/v1#x", "http://c/v 1"}) {
    EXPECT_THAT(MistakesOf(WithEndpoint(url)), ElementsAre(Key("telemetry.otlp.endpoint"))) << url;
  }
}

TEST(TelemetryCheckTest, ASampleIsAShare) {
  v1::TelemetryConfig telemetry = WithEndpoint("https://c/v1/traces");
  for (const double percent : {-1.0, 100.5, std::nan("")}) {
    telemetry.mutable_otlp()->set_sample_percent(percent);
    EXPECT_THAT(MistakesOf(telemetry), ElementsAre(Key("telemetry.otlp.sample_percent")));
  }
}

TEST(TelemetryCheckTest, AHeaderAndItsValueComeTogether) {
  v1::TelemetryConfig telemetry = WithEndpoint("https://c/v1/traces");
  telemetry.mutable_otlp()->set_header("Api-Key");
  EXPECT_THAT(MistakesOf(telemetry), ElementsAre(Key("telemetry.otlp.header")));
  telemetry.mutable_otlp()->mutable_header_value();
  EXPECT_THAT(MistakesOf(telemetry), ElementsAre(Key("telemetry.otlp.header_value")));
  telemetry.mutable_otlp()->mutable_header_value()->set_file("/no/such/file");
  EXPECT_THAT(MistakesOf(telemetry), ElementsAre(Key("telemetry.otlp.header_value")));
  telemetry.mutable_otlp()->mutable_header_value()->set_value("x");
  for (const char* header : {"Bad Header", "content-type", "X:Y", "X\r\nY"}) {
    telemetry.mutable_otlp()->set_header(header);
    EXPECT_THAT(MistakesOf(telemetry), ElementsAre(Key("telemetry.otlp.header"))) << header;
  }
}

}  // namespace
}  // namespace edugate::app
