#include "adapters/declared_api.h"

#include <cstdio>
#include <cstdlib>

namespace edugate::adapters {
namespace {

[[noreturn]] void Die(absl::string_view what, absl::string_view why) {
  std::fprintf(stderr, "edugate: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace

std::unique_ptr<const rest::Api> CompileDeclaration(const std::vector<std::string>& services,
                                                    const google::protobuf::FileDescriptor* file) {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const std::string& name : services) {
    const auto* service = file->pool()->FindServiceByName(name);
    if (service == nullptr) Die(name, "is not declared");
    descriptors.push_back(service);
  }
  auto api = rest::Api::Compile(descriptors);
  if (!api.ok()) Die("a provider's declaration", api.status().message());
  return std::make_unique<const rest::Api>(*std::move(api));
}

const rest::Operation& OperationOf(const rest::Api& api, absl::string_view method_name) {
  const rest::Operation* operation = api.Find(method_name);
  if (operation == nullptr) Die(method_name, "is not declared");
  return *operation;
}

}  // namespace edugate::adapters
