// Native calls: the providers' own methods, under the providers' own service names. The caller
// names the connection by metadata; request and reply are the provider's messages, as edugate
// declares them. One handler answers them all, by descriptor.
#ifndef SERVICES_NATIVE_SERVICE_H_
#define SERVICES_NATIVE_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connection.h"
#include "google/protobuf/descriptor.h"
#include "runtime/async/call_context.h"
#include "services/parts_of_call.h"

namespace grpc {
class CallbackGenericService;
}  // namespace grpc

namespace edugate::services {

// The metadata key with which the caller of a native method names the connection, by its id.
inline constexpr char kConnectionKey[] = "edugate-connection";

// The method, of the connection that the caller names; notes the connection in the call's context.
// `named` holds the values that the caller's metadata has for kConnectionKey. Errors:
// ARGUMENT_INVALID where they are not one, or the connection is of another provider;
// CALLER_DENIED; CONNECTION_UNKNOWN; OPERATION_NOT_SUPPORTED where the method carries credentials
// or no connection is of its provider.
absl::StatusOr<const adapters::NativeMethod*> FindNativeMethod(
    async::CallContext& call, const adapters::ConnectionRegistry& registry,
    const google::protobuf::MethodDescriptor& method, const std::vector<std::string>& named);

// The full names of the provider services that a connection answers for, in the order of their
// declaration; empty where native calls are off.
std::vector<std::string> NativeServicesOf(const adapters::Connection& connection);

// The provider services of `methods`, by their full names, each once.
std::vector<std::string> NativeServicesOf(const std::vector<adapters::NativeMethod>& methods);

// One service for each of them. A method is found with each call, at the connection that it names:
// what `methods` would call isn't used, and connections of further providers may come later.
// `bridge` outlives the services.
std::vector<std::unique_ptr<grpc::Service>> MakeNativeServices(
    const std::vector<adapters::NativeMethod>& methods, const PartsOfCall& parts, Bridge& bridge);

// Answers every method that no service has, with the details that edugate's errors have. `bridge`
// outlives it.
std::unique_ptr<grpc::CallbackGenericService> MakeUnknownMethods(Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_NATIVE_SERVICE_H_
