#include "adapters/native_method.h"

#include <utility>

#include "absl/strings/match.h"
#include "adapters/secret_fields.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/api/annotations.pb.h"
#include "runtime/rest/client.h"
#include "runtime/rest/operation.h"

namespace edugate::adapters {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Takes out of the unknown fields what may be a credential: one that doesn't fit its field, or
// stands twice, is kept there.
void ClearUnknownSecrets(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const auto* unknown = message.GetDescriptor()->FindFieldByName("unknown_fields");
  if (unknown == nullptr) return;
  if (HoldsSecret(*message.GetDescriptor())) {
    reflection.ClearField(&message, unknown);
    return;
  }
  int kept = 0;
  const int size = reflection.FieldSize(message, unknown);
  for (int i = 0; i < size; ++i) {
    const auto& each = static_cast<const rest::v1::UnknownField&>(
        reflection.GetRepeatedMessage(message, unknown, i));
    if (LeadsToSecret(*message.GetDescriptor(), each.path())) continue;
    reflection.SwapElements(&message, unknown, kept++, i);
  }
  for (int i = kept; i < size; ++i) reflection.RemoveLast(&message, unknown);
}

void ClearSecrets(Message& message) {
  ClearUnknownSecrets(message);
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsSecret(*field)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      ClearSecrets(*reflection.MutableMessage(&message, field));
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearSecrets(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

const std::string& PathOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return rule.get();
    case google::api::HttpRule::kPut:
      return rule.put();
    case google::api::HttpRule::kPost:
      return rule.post();
    case google::api::HttpRule::kDelete:
      return rule.delete_();
    case google::api::HttpRule::kPatch:
      return rule.patch();
    default:
      return rule.custom().path();
  }
}

bool CarriesCredentials(const google::protobuf::MethodDescriptor& method) {
  const std::string& path = PathOf(method.options().GetExtension(google::api::http));
  return absl::StrContains(path, "/auth/") || HoldsSecret(*method.output_type()) ||
         HoldsSecretAnywhere(*method.input_type());
}

// `secrets`: whether a reply can hold any.
async::Task<absl::Status> CallAndClear(rest::Client& client, const rest::Operation& operation,
                                       bool secrets, async::CallContext& call,
                                       const Message& request, Message& response) {
  rest::CallOptions options;
  if (operation.options().raw_response()) options.max_response_bytes = kMaxNativeFileBytes;
  absl::Status status =
      co_await client.CallInto(call, operation, request, response, nullptr, std::move(options));
  if (status.ok() && secrets) ClearSecrets(response);
  co_return status;
}

}  // namespace

std::vector<NativeMethod> NativeMethodsOf(const rest::Api& api, rest::Client& client) {
  std::vector<NativeMethod> methods;
  for (const rest::Operation& operation : api.operations()) {
    NativeMethod method{.descriptor = &operation.descriptor(),
                        .name = &operation.name(),
                        .carries_credentials = CarriesCredentials(operation.descriptor())};
    const bool secrets = HoldsSecretAnywhere(*operation.descriptor().output_type());
    method.call = [&client, &operation, secrets](async::CallContext& call, const Message& request,
                                                 Message& response) {
      return CallAndClear(client, operation, secrets, call, request, response);
    };
    methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace edugate::adapters
