#include "runtime/store/request_log.h"

#include "absl/strings/str_cat.h"

namespace edugate::store {

std::string RequestKey(absl::string_view caller, absl::string_view method,
                       absl::string_view request_id) {
  return absl::StrCat(caller.size(), ":", caller, method.size(), ":", method, request_id);
}

}  // namespace edugate::store
