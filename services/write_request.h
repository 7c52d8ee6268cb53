// What all write requests share.
#ifndef SERVICES_WRITE_REQUEST_H_
#define SERVICES_WRITE_REQUEST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace edugate::services {

// Checks request_id and validate_only. A promise that can't be kept is refused, not ignored: ARGUMENT_INVALID.
absl::Status CheckWrite(absl::string_view request_id, bool validate_only);

}  // namespace edugate::services

#endif  // SERVICES_WRITE_REQUEST_H_
