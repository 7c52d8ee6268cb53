// How the rules of the configuration tell what is wrong.
#ifndef APP_MISTAKE_H_
#define APP_MISTAKE_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::app {

// Told of each mistake: the whole key, as in `connections[0].http.ca_file`, and what is wrong with
// it, as the end of a sentence that begins with the key. Never shows a secret.
using Mistake = std::function<void(const std::string& key, absl::string_view what)>;

}  // namespace edugate::app

#endif  // APP_MISTAKE_H_
