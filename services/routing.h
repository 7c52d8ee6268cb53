// What every handler does first: from a name in the request to the connection that it means, and to
// what that offers.
#ifndef SERVICES_ROUTING_H_
#define SERVICES_ROUTING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connection.h"
#include "adapters/resource_name.h"
#include "runtime/async/call_context.h"
#include "runtime/errors/errors.h"

namespace edugate::services {

// A name of the request, taken apart, and its connection.
struct Route {
  adapters::NameParts name;
  const adapters::Connection* connection = nullptr;
};

// CALLER_DENIED where the caller may not use the connection with the call's method. Asked before
// whether there is such a connection, so that who may not use it does not learn that either.
absl::Status CheckMayUse(const async::CallContext& call, absl::string_view connection);

// Resolves `text`, the value of the request's field `field`, and notes the connection in the call's
// context. Errors: RESOURCE_NAME_INVALID, CALLER_DENIED, CONNECTION_UNKNOWN.
absl::StatusOr<Route> Resolve(async::CallContext& call,
                              const adapters::ConnectionRegistry& registry, absl::string_view field,
                              adapters::Resource resource, absl::string_view text);

// OPERATION_NOT_SUPPORTED for the call's method, with what the connection supports.
absl::Status NotSupported(const async::CallContext& call, const adapters::Connection& connection);

// VIEW_BASIC where the caller says nothing.
inline v1::View ViewOf(v1::View view) {
  return view == v1::VIEW_UNSPECIFIED ? v1::VIEW_BASIC : view;
}

}  // namespace edugate::services

#endif  // SERVICES_ROUTING_H_
