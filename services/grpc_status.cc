#include "services/grpc_status.h"

#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"

namespace edugate::services {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status wire = errors::ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(wire.code()), wire.message(),
                      wire.SerializeAsString());
}

std::optional<std::string> PushbackOf(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  if (errors::ReasonOf(status) == v1::ERROR_REASON_REPLY_TOO_LARGE) return "-1";
  const auto delay = errors::RetryAfterOf(status);
  if (!delay.has_value()) return std::nullopt;
  return absl::StrCat(absl::ToInt64Milliseconds(*delay));
}

void AddPushback(const absl::Status& status, grpc::CallbackServerContext& context) {
  const std::optional<std::string> pushback = PushbackOf(status);
  if (pushback.has_value()) context.AddTrailingMetadata(kPushbackKey, *pushback);
}

}  // namespace edugate::services
