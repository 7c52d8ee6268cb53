// The one exit: a status of the catalogue as gRPC's. Includes gRPC: for .cc files only.
#ifndef SERVICES_GRPC_STATUS_H_
#define SERVICES_GRPC_STATUS_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"

namespace edugate::services {

// With google.rpc.Status as the details that gRPC carries in grpc-status-details-bin.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The trailer that says when a stock client may try again, in milliseconds.
inline constexpr char kPushbackKey[] = "grpc-retry-pushback-ms";

// Adds grpc-retry-pushback-ms to the call's trailers where the status says when to come back, so
// that stock clients wait (gRPC retry design, "pushback").
void AddPushback(const absl::Status& status, grpc::CallbackServerContext& context);

}  // namespace edugate::services

#endif  // SERVICES_GRPC_STATUS_H_
