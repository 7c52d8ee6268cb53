#include "app/value_text.h"

#include "absl/strings/str_cat.h"
#include "app/resilience_options.h"

namespace edugate::app {

std::string Text(int64_t value) { return absl::StrCat(value); }
std::string Text(absl::Duration value) {
  return value == absl::InfiniteDuration() ? "none" : absl::FormatDuration(value);
}
std::string YesNo(bool value) { return value ? "true" : "false"; }

std::string Text(const v1::TokenBucketConfig& bucket) {
  const resilience::TokenBucketOptions options = ToTokenBucketOptions(bucket);
  return absl::StrCat(options.per_second, "/s, burst ", options.burst);
}

ValueSource FileIf(bool configured) {
  return configured ? ValueSource::kFile : ValueSource::kDefault;
}

ValueInForce TextOr(const std::string& key, const std::string& configured,
                    const std::string& otherwise) {
  return {key, configured.empty() ? otherwise : configured, FileIf(!configured.empty())};
}

}  // namespace edugate::app
