#include "runtime/telemetry/span.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/telemetry/trace_context.h"

namespace edugate::telemetry {
namespace {

Span ExampleSpan() {
  Span span;
  span.trace_id =
      ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")->trace_id;
  span.span_id = {0xff, 2, 3, 4, 5, 6, 7, 8};
  span.parent_id = {1};
  span.parent_remote = true;
  span.trace_state = "rojo=1";
  span.name = "edugate.v1.EnrollmentService/GetEnrollment";
  span.start = absl::FromUnixNanos(1'767'225'600'000'000'001);
  span.end = absl::FromUnixNanos(1'767'225'600'500'000'000);
  span.attributes = {{"rpc.system", "grpc"}, {"rpc.grpc.status_code", int64_t{5}}};
  span.failed = true;
  return span;
}

// The rules of the JSON mapping for OTLP: ids in hexadecimal, 64-bit integers as strings, enums as
// numbers, keys in lowerCamelCase.
TEST(OtlpJsonTest, FollowsTheMappingOfTheProtocol) {
  const auto json = nlohmann::json::parse(
      OtlpJson({.service_name = "edugate", .service_version = "1.2", .service_instance_id = "pod"},
               {ExampleSpan()}));
  const auto& resource = json["resourceSpans"][0];
  EXPECT_EQ(resource["resource"]["attributes"].dump(),
            R"([{"key":"service.name","value":{"stringValue":"edugate"}},)"
            R"({"key":"service.version","value":{"stringValue":"1.2"}},)"
            R"({"key":"service.instance.id","value":{"stringValue":"pod"}}])");
  const auto& span = resource["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span["spanId"], "ff02030405060708");
  EXPECT_EQ(span["parentSpanId"], "0100000000000000");
  EXPECT_EQ(span["traceState"], "rojo=1");
  EXPECT_EQ(span["kind"], 2);
  EXPECT_EQ(span["flags"], 0x301);
  EXPECT_EQ(span["startTimeUnixNano"], "1767225600000000001");
  EXPECT_EQ(span["endTimeUnixNano"], "1767225600500000000");
  EXPECT_EQ(span["attributes"][1].dump(),
            R"({"key":"rpc.grpc.status_code","value":{"intValue":"5"}})");
  EXPECT_EQ(span["status"]["code"], 2);
}

TEST(OtlpJsonTest, LeavesOutWhatThereIsNot) {
  Span span = ExampleSpan();
  span.parent_id = {};
  span.parent_remote = false;
  span.trace_state = "";
  span.failed = false;
  const auto json = nlohmann::json::parse(OtlpJson({.service_name = "e"}, {span, span}));
  const auto& spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_FALSE(spans[0].contains("traceState"));
  EXPECT_FALSE(spans[0].contains("status"));
  EXPECT_EQ(spans[1]["flags"], 0x101);
}

}  // namespace
}  // namespace edugate::telemetry
