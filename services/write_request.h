// What all write requests share.
#ifndef SERVICES_WRITE_REQUEST_H_
#define SERVICES_WRITE_REQUEST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace edugate::services {

// ARGUMENT_INVALID where the id (AIP-155) can't be one.
absl::Status CheckRequestId(absl::string_view request_id);

}  // namespace edugate::services

#endif  // SERVICES_WRITE_REQUEST_H_
