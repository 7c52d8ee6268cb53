#include "sandbox/measureone_ids.h"

#include "absl/strings/str_format.h"

namespace edugate::sandbox::m1 {

std::string NewId(absl::string_view prefix, Counter& issued) {
  return absl::StrFormat("%s_Sandbox%020d", prefix, issued.Next());
}

}  // namespace edugate::sandbox::m1
