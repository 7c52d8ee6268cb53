// Finds and compiles the declared API of a provider.
#ifndef ADAPTERS_DECLARED_API_H_
#define ADAPTERS_DECLARED_API_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "runtime/rest/operation.h"

namespace edugate::adapters {

// The compiled API of the services with these full names. `file` is any of the provider's proto
// files: naming it keeps the generated code in the program. The declarations are part of the
// program, so that a mistake in one ends it at start-up with a message; a test compiles them all.
std::unique_ptr<const rest::Api> CompileDeclaration(const std::vector<std::string>& services,
                                                    const google::protobuf::FileDescriptor* file);

// The operation of that name, which is declared.
const rest::Operation& OperationOf(const rest::Api& api, absl::string_view method_name);

}  // namespace edugate::adapters

#endif  // ADAPTERS_DECLARED_API_H_
