#include "runtime/telemetry/call_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/errors/errors.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::telemetry {
namespace {

using async::CallFlag;

std::string FlagsText(const absl::Status& status, const async::CallRecord* record = nullptr) {
  return FlagsOf(status, record).Text();
}

TEST(CallLineTest, HoldsWhatIsKnownAndNothingElse) {
  async::CallRecord record;
  record.attempts = 2;
  record.provider_time = absl::Microseconds(12345);
  record.provider_reply_bytes = 495;
  record.Note(CallFlag::kRetried);
  record.Note(CallFlag::kConnectFailure);
  record.trace = PlaceOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", 0, false);
  record.trace.span_id = {1, 2, 3, 4, 5, 6, 7, 8};
  const CallLine line{.method = "EnrollmentService.GetEnrollment",
                      .connection = "tms",
                      .caller = "jwt:portal",
                      .status = absl::OkStatus(),
                      .duration = absl::Microseconds(15678),
                      .record = &record};
  EXPECT_EQ(
      FieldsOf(line, FlagsOf(line.status, &record)).Object(),
      R"({"method":"EnrollmentService.GetEnrollment","connection":"tms","caller":"jwt:portal",)"
      R"("code":"OK","flags":"UF,RT","duration_ms":15.678,"provider_ms":12.345,"attempts":2,)"
      R"("provider_reply_bytes":495,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
      R"("span_id":"0102030405060708"})");
}

TEST(CallLineTest, NamesTheConnectionsOfACallToSeveral) {
  async::CallRecord record;
  record.connections = {"lincoln", "tms"};
  const CallLine line{.method = "m", .duration = absl::Seconds(1), .record = &record};
  EXPECT_EQ(FieldsOf(line, {}).Object(),
            R"({"method":"m","connections":["lincoln","tms"],"code":"OK","duration_ms":1000.000})");
}

TEST(CallLineTest, ACallerThatIsAnAddressOfMailIsNotNamed) {
  const auto caller = [](absl::string_view name) {
    return FieldsOf({.method = "m", .caller = name}, {}).Object();
  };
  EXPECT_THAT(caller("jwt:canary@example.edu"),
              ::testing::HasSubstr(R"("caller":"jwt:...@example.edu")"));
  EXPECT_THAT(caller("canary@example.edu"), ::testing::HasSubstr(R"("caller":"...@example.edu")"));
  EXPECT_THAT(caller("spiffe://district/user/canary@example.edu"),
              ::testing::HasSubstr(R"("caller":"spiffe://district/user/...@example.edu")"));
}

TEST(CallLineTest, ACallWithoutARecordHasItsStatus) {
  const CallLine line{.method = "unknown",
                      .status = errors::MethodNotOffered("no such method", {}),
                      .duration = absl::ZeroDuration()};
  EXPECT_EQ(FieldsOf(line, {}).Object(),
            R"({"method":"unknown","code":"UNIMPLEMENTED","reason":"OPERATION_NOT_SUPPORTED",)"
            R"("duration_ms":0.000})");
}

TEST(CallFlagsOfStatusTest, AStatusSaysItsFlagItself) {
  EXPECT_EQ(FlagsText(absl::OkStatus()), "");
  EXPECT_EQ(FlagsText(errors::ConnectionUnknown("x")), "NR");
  EXPECT_EQ(FlagsText(errors::Cancelled({})), "DC");
  EXPECT_EQ(FlagsText(errors::DeadlineExceeded({})), "DT");
  EXPECT_EQ(FlagsText(errors::SlowConsumer()), "SR");
  EXPECT_EQ(FlagsText(errors::StoreUnavailable("full")), "SU");
  EXPECT_EQ(FlagsText(errors::ProviderResponseInvalid("why", {})), "DPE");
  EXPECT_EQ(FlagsText(errors::PaginationLoop({})), "DPE");
  EXPECT_EQ(FlagsText(errors::ArgumentInvalid("f", "d")), "");
  const auto of = [](v1::ErrorReason reason) {
    return FlagsText(errors::FromProvider({.reason = reason}, {}));
  };
  EXPECT_EQ(of(v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID), "UCR");
  EXPECT_EQ(of(v1::ERROR_REASON_PROVIDER_RATE_LIMITED), "RL");
  EXPECT_EQ(of(v1::ERROR_REASON_PROVIDER_ERROR), "UE");
  EXPECT_EQ(of(v1::ERROR_REASON_RESOURCE_NOT_FOUND), "");
}

TEST(CallFlagsOfStatusTest, ALocalLimitIsTheProcesssUnlessAConnectionNotedIt) {
  const absl::Status limited = errors::LocalLimit("calls", absl::Seconds(1), {});
  EXPECT_EQ(FlagsText(limited), "LR");
  async::CallRecord record;
  record.Note(CallFlag::kConnectionLimit);
  EXPECT_EQ(FlagsText(limited, &record), "UL");
}

}  // namespace
}  // namespace edugate::telemetry
