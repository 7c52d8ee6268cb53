#include "app/provider_telemetry.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "runtime/async/test_loop.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::app {
namespace {

using async::CallContext;

class ProviderTelemetryTest : public ::testing::Test {
 protected:
  ProviderTelemetryTest() {
    call_.record().trace = telemetry::PlaceOf(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rojo=1", 0, true);
  }

  static std::string HeaderOf(const http::Request& request, const std::string& name) {
    std::string value;
    for (const http::Header& header : request.headers) {
      if (header.name == name) absl::StrAppend(&value, value.empty() ? "" : "|", header.value);
    }
    return value;
  }

  resilience::AttemptEnd End(int attempt, int http_status) {
    resilience::AttemptEnd end;
    end.attempt = attempt;
    end.http_status = http_status;
    end.reply_bytes = 10;
    end.started = loop_.Now();
    end.ended = async::After(loop_.Now(), absl::Milliseconds(5));
    return end;
  }

  async::TestLoop loop_;
  CallContext call_{loop_, async::kNever};
  ProviderMetrics metrics_;
  ProviderTelemetry telemetry_{metrics_};
  resilience::OperationRef where_{.connection = "oa",
                                  .provider = "openapply",
                                  .operation = "OpenApplyV3.ListReenrollments",
                                  .http_method = "GET",
                                  .url_template = "/api/v3/reenrollments",
                                  .base_url = "https://lincoln.openapply.com:8443/base"};
};

TEST_F(ProviderTelemetryTest, EachAttemptHasASpanWhichTheProviderGets) {
  http::Request request;
  telemetry_.OnAttemptStart(call_, where_, 1, request);
  const std::string first = HeaderOf(request, "traceparent");
  resilience::AttemptEnd reset = End(1, 0);
  reset.failure = http::Failure::kReset;
  telemetry_.OnAttemptEnd(call_, where_, reset);
  telemetry_.OnAttemptStart(call_, where_, 2, request);
  telemetry_.OnAttemptEnd(call_, where_, End(2, 200));
  const async::CallRecord& record = call_.record();
  EXPECT_EQ(record.attempts, 2);
  EXPECT_EQ(record.provider_time, absl::Milliseconds(10));
  EXPECT_EQ(record.provider_reply_bytes, 20);
  ASSERT_EQ(record.attempt_records.size(), 2u);
  const async::AttemptRecord& one = record.attempt_records[0];
  const async::AttemptRecord& two = record.attempt_records[1];
  EXPECT_EQ(one.error, "reset");
  EXPECT_EQ(one.server, "lincoln.openapply.com");
  EXPECT_EQ(two.error, "");
  EXPECT_EQ(two.http_status, 200);
  EXPECT_EQ(two.attempt, 2);
  EXPECT_EQ(first, absl::StrCat("00-4bf92f3577b34da6a3ce929d0e0e4736-", telemetry::Hex(one.span_id),
                                "-01"));
  EXPECT_EQ(HeaderOf(request, "traceparent"), absl::StrCat("00-4bf92f3577b34da6a3ce929d0e0e4736-",
                                                           telemetry::Hex(two.span_id), "-01"))
      << "one header, of the last attempt";
  EXPECT_EQ(HeaderOf(request, "tracestate"), "rojo=1");
}

TEST_F(ProviderTelemetryTest, PartsOfACallThatAskAtTheSameTimeKeepTheirSpansApart) {
  CallContext one = call_.Child(async::kNever);
  CallContext two = call_.Child(async::kNever);
  http::Request first;
  http::Request second;
  telemetry_.OnAttemptStart(one, where_, 1, first);
  telemetry_.OnAttemptStart(two, where_, 1, second);
  telemetry_.OnAttemptEnd(one, where_, End(1, 404));
  telemetry_.OnAttemptEnd(two, where_, End(1, 200));
  const auto& records = call_.record().attempt_records;
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].http_status, 404);
  EXPECT_EQ(records[1].http_status, 200);
}

TEST_F(ProviderTelemetryTest, WithoutACredentialNothingWasSent) {
  resilience::AttemptEnd end = End(1, 0);
  end.reason = v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID;
  telemetry_.OnAttemptEnd(call_, where_, end);
  EXPECT_EQ(call_.record().attempts, 0);
  EXPECT_TRUE(call_.record().attempt_records.empty());
}

TEST_F(ProviderTelemetryTest, ALongStreamKeepsABoundedNumberOfSpans) {
  for (int i = 0; i < 200; ++i) {
    http::Request request;
    telemetry_.OnAttemptStart(call_, where_, 1, request);
    EXPECT_NE(HeaderOf(request, "traceparent"), "");
    telemetry_.OnAttemptEnd(call_, where_, End(1, 200));
  }
  EXPECT_EQ(call_.record().attempt_records.size(), async::CallRecord::kMaxAttemptRecords);
  EXPECT_EQ(call_.record().attempts, 200);
}

TEST_F(ProviderTelemetryTest, NoTraceNoHeader) {
  CallContext plain(loop_, async::kNever);
  plain.record().trace = telemetry::PlaceOf("", "", 1, false);
  http::Request request;
  telemetry_.OnAttemptStart(plain, where_, 1, request);
  EXPECT_TRUE(request.headers.empty());
}

}  // namespace
}  // namespace edugate::app
