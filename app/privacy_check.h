// The rules of the configuration's keys about privacy and egress.
#ifndef APP_PRIVACY_CHECK_H_
#define APP_PRIVACY_CHECK_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Told of each mistake: the key and what is wrong with it.
using NoteMistake = std::function<void(const std::string& key, absl::string_view what)>;

// Checks `disclosure` and each connection's `http`.
void CheckPrivacy(const v1::Config& config, const NoteMistake& note);

}  // namespace edugate::app

#endif  // APP_PRIVACY_CHECK_H_
