#include "services/grpc_status.h"

#include <optional>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

TEST(GrpcStatusTest, SuccessIsOkWithoutDetails) {
  const grpc::Status status = ToGrpcStatus(absl::OkStatus());
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_details(), "");
}

TEST(GrpcStatusTest, CarriesCodeMessageAndDetails) {
  const absl::Status source = errors::FromProvider(
      {.reason = v1::ERROR_REASON_PROVIDER_RATE_LIMITED,
       .message = "the provider limits the rate of requests",
       .provider_status = "429",
       .retry_after = absl::Seconds(7)},
      {.connection = "oa", .provider = "openapply", .operation = "OpenApplyV3.ListReenrollments"});
  const grpc::Status status = ToGrpcStatus(source);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), std::string(source.message()));

  google::rpc::Status wire;
  ASSERT_TRUE(wire.ParseFromString(status.error_details()));
  EXPECT_EQ(wire.code(), status.error_code());
  EXPECT_EQ(wire.message(), status.error_message());
  google::rpc::ErrorInfo info;
  google::rpc::RetryInfo retry;
  google::rpc::QuotaFailure quota;
  int found = 0;
  for (const auto& detail : wire.details()) {
    found += detail.UnpackTo(&info) || detail.UnpackTo(&retry) || detail.UnpackTo(&quota);
  }
  EXPECT_EQ(found, 3);
  EXPECT_EQ(info.domain(), "edugate");
  EXPECT_EQ(info.reason(), "PROVIDER_RATE_LIMITED");
  EXPECT_EQ(info.metadata().at("connection"), "oa");
  EXPECT_EQ(info.metadata().at("provider_status"), "429");
  EXPECT_EQ(retry.retry_delay().seconds(), 7);
}

TEST(GrpcStatusTest, StockClientsAreToldWhenToComeBackAndWhatNotToAskAgain) {
  const auto failed = [](v1::ErrorReason reason, std::optional<absl::Duration> retry_after) {
    return PushbackOf(errors::FromProvider({.reason = reason, .retry_after = retry_after}, {}));
  };
  EXPECT_EQ(failed(v1::ERROR_REASON_PROVIDER_RATE_LIMITED, absl::Milliseconds(1500)), "1500");
  EXPECT_EQ(failed(v1::ERROR_REASON_REPLY_TOO_LARGE, std::nullopt), "-1");
  EXPECT_EQ(failed(v1::ERROR_REASON_RESOURCE_NOT_FOUND, std::nullopt), std::nullopt);
  EXPECT_EQ(PushbackOf(absl::OkStatus()), std::nullopt);
}

TEST(GrpcStatusTest, EveryCodeKeepsItsNumber) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "x"));
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
  }
}

TEST(GrpcStatusTest, StaysWithinTheTrailersBound) {
  const absl::Status status = errors::ArgumentInvalid("f", std::string(100000, 'x'));
  EXPECT_LE(ToGrpcStatus(status).error_details().size(), errors::kMaxStatusBytes);
}

}  // namespace
}  // namespace edugate::services
