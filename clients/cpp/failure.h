// What a failed call says besides its message, and when it is worth another try.
#ifndef FAILURE_H_
#define FAILURE_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

struct Failure {
  // The code's name in gRPC's list, as in NOT_FOUND.
  std::string code;
  // The name of an edugate.v1.ErrorReason without its prefix: what programs decide by. Empty of an
  // error that edugate has not made, as when nobody listens.
  std::string reason;
  // What is variable in the message: connection, provider, operation, provider_status and others.
  std::map<std::string, std::string> metadata;
  // Which fields of the request are wrong, and in what.
  std::map<std::string, std::string> fields;
  // How long to wait before the call is worth another try. Absent: nobody knows, or never.
  std::optional<std::chrono::nanoseconds> retry_delay;
};

// Reads the google.rpc.Status that comes with every error of edugate.
Failure FailureOf(const grpc::Status& status);

// Makes a call again after the time that its failure names, for what the channel doesn't retry by
// itself. A failure without such a time is final: another attempt would end as this one did. A
// call gets a new grpc::ClientContext for each attempt. Returns the last attempt's status.
grpc::Status WithRetries(int attempts, const std::function<grpc::Status()>& call,
                         const std::function<void(const Failure&)>& on_wait);

#endif  // FAILURE_H_
