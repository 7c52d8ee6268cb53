// The one exit: a status of the catalogue as gRPC's. Includes gRPC: for .cc files only.
#ifndef SERVICES_GRPC_STATUS_H_
#define SERVICES_GRPC_STATUS_H_

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace edugate::services {

// With google.rpc.Status as the details that gRPC carries in grpc-status-details-bin.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The trailer that says when a stock client may try again, in milliseconds.
inline constexpr char kPushbackKey[] = "grpc-retry-pushback-ms";

// Its value: where the status says when to come back, so that stock clients wait, and -1 where its
// code is one that they try again though the same call can't end otherwise (gRPC retry design,
// "pushback"). Empty for all others.
std::optional<std::string> PushbackOf(const absl::Status& status);

// Adds the trailer, where there is one.
void AddPushback(const absl::Status& status, grpc::CallbackServerContext& context);

}  // namespace edugate::services

#endif  // SERVICES_GRPC_STATUS_H_
