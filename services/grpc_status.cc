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

void AddPushback(const absl::Status& status, grpc::CallbackServerContext& context) {
  if (status.ok()) return;
  const auto delay = errors::RetryAfterOf(status);
  if (!delay.has_value()) return;
  context.AddTrailingMetadata(kPushbackKey,
                              absl::StrCat(absl::ToInt64Milliseconds(*delay)));
}

}  // namespace edugate::services
