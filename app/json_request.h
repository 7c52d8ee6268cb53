// A request as a person writes it.
#ifndef APP_JSON_REQUEST_H_
#define APP_JSON_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace edugate::app {

// The JSON text with the short names of enum values (FULL) replaced by their full ones (VIEW_FULL),
// which protobuf's JSON wants. INVALID_ARGUMENT where it is not JSON, or has a name twice in an
// object.
absl::StatusOr<std::string> ExpandEnumNames(absl::string_view json,
                                            const google::protobuf::Descriptor* message);

// The same for a client stream: each element of a list, or a text that is no list alone.
absl::StatusOr<std::vector<std::string>> ExpandEnumNamesOfEach(
    absl::string_view json, const google::protobuf::Descriptor* message);

}  // namespace edugate::app

#endif  // APP_JSON_REQUEST_H_
