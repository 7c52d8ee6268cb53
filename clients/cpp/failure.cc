#include "failure.h"

#include <array>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace {

std::string CodeName(grpc::StatusCode code) {
  static constexpr std::array<const char*, 17> kNames = {
      "OK",
      "CANCELLED",
      "UNKNOWN",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "ABORTED",
      "OUT_OF_RANGE",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
      "UNAUTHENTICATED",
  };
  const auto number = static_cast<size_t>(code);
  return number < kNames.size() ? kNames[number] : std::to_string(code);
}

}  // namespace

Failure FailureOf(const grpc::Status& status) {
  Failure failure;
  failure.code = CodeName(status.error_code());
  google::rpc::Status detailed;
  if (!detailed.ParseFromString(status.error_details())) return failure;
  for (const auto& detail : detailed.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      failure.reason = info.reason();
      failure.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&request)) {
      for (const auto& each : request.field_violations()) {
        failure.fields[each.field()] = each.description();
      }
    } else if (detail.UnpackTo(&retry)) {
      failure.retry_delay = std::chrono::seconds(retry.retry_delay().seconds()) +
                            std::chrono::nanoseconds(retry.retry_delay().nanos());
    }
  }
  return failure;
}

grpc::Status WithRetries(int attempts, const std::function<grpc::Status()>& call,
                         const std::function<void(const Failure&)>& on_wait) {
  for (int attempt = 1;; ++attempt) {
    grpc::Status status = call();
    if (status.ok() || attempt == attempts) return status;
    const Failure failure = FailureOf(status);
    if (!failure.retry_delay) return status;
    on_wait(failure);
    std::this_thread::sleep_for(*failure.retry_delay);
  }
}
