#ifndef EDUGATE_SANDBOX_MEASUREONE_REPLIES_H_
#define EDUGATE_SANDBOX_MEASUREONE_REPLIES_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

// The forms in which MeasureOne answers.
namespace edugate::sandbox::m1 {

Reply Answer(const nlohmann::ordered_json& body, int status = 200);

// An error of the API v2.
Reply ErrorReply(int status, absl::string_view code, absl::string_view message);

// An error of the API v3, with the members of `more` besides.
Reply ErrorOfV3(absl::Time now, int status, absl::string_view code, absl::string_view message,
                const nlohmann::ordered_json& more);
Reply ErrorOfV3(absl::Time now, int status, absl::string_view code, absl::string_view message);

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_REPLIES_H_
