// A provider's own API, as edugate declares it, for callers who know it: a method of a connection
// that takes and gives the provider's messages.
#ifndef ADAPTERS_NATIVE_METHOD_H_
#define ADAPTERS_NATIVE_METHOD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::rest {
class Api;
class Client;
}  // namespace edugate::rest

namespace edugate::adapters {

// The largest reply of undecoded bytes (a file) that a native call gives, which is in memory as a
// whole.
inline constexpr int64_t kMaxNativeFileBytes = int64_t{8} << 20;

// One declared method.
struct NativeMethod {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // As in errors and metrics: OpenApplyV3.ListReenrollments. Lives as long as the program.
  const std::string* name = nullptr;
  // Whether it carries credentials: its path is one of authentication, its reply holds one, or its
  // request holds one anywhere. Such a method is never called.
  bool carries_credentials = false;
  // Calls the provider: with retries, limits and errors as for the methods of edugate. Messages are
  // of the method's types and outlive the task. Credentials deep within a reply (of a link to a
  // file, say) are taken out of it.
  std::function<async::Task<absl::Status>(async::CallContext&,
                                          const google::protobuf::Message& request,
                                          google::protobuf::Message& response)>
      call;
};

// Every method of a declared API, called by this client. Both outlive the methods.
std::vector<NativeMethod> NativeMethodsOf(const rest::Api& api, rest::Client& client);

}  // namespace edugate::adapters

#endif  // ADAPTERS_NATIVE_METHOD_H_
