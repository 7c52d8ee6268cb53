// What a secret of the configuration must be: named in one of its places, there, and long enough.
#ifndef APP_SECRET_CHECK_H_
#define APP_SECRET_CHECK_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"
#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells `mistake` what is wrong with the secret at `key`. `place` is a Secret, or a message that
// says in the same three fields where its secret stands.
template <typename Place>
void CheckSecret(const Place& place, const std::string& key, const Mistake& mistake,
                 size_t least_bytes = 1) {
  if (place.source_case() == Place::SOURCE_NOT_SET) {
    mistake(key, "needs one of value, file and env");
    return;
  }
  v1::Secret secret;
  if (place.source_case() == Place::kFile) secret.set_file(place.file());
  if (place.source_case() == Place::kEnv) secret.set_env(place.env());
  if (place.source_case() == Place::kValue) secret.set_value(place.value());
  const auto read = ToSecretSource(secret).Read();
  if (!read.ok()) {
    mistake(key, read.status().message());
  } else if (read->Reveal().size() < least_bytes) {
    mistake(key, absl::StrCat("needs at least ", least_bytes, " bytes"));
  }
}

}  // namespace edugate::app

#endif  // APP_SECRET_CHECK_H_
