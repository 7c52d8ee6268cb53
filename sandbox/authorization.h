#ifndef EDUGATE_SANDBOX_AUTHORIZATION_H_
#define EDUGATE_SANDBOX_AUTHORIZATION_H_

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sandbox/provider.h"

// What the providers' ways to know their callers have in common.
namespace edugate::sandbox {

// Whether the request's Authorization is Basic, with this client and secret.
bool IsBasicOf(const Request& request, absl::string_view client_id,
               absl::string_view client_secret);

// The token of an Authorization that is Bearer.
std::optional<std::string> BearerToken(const Request& request);

// Issued tokens and when they expire. Many threads may ask.
class IssuedTokens {
 public:
  void Add(const std::string& token, absl::Time end);
  // Whether it was issued and is not expired.
  bool IsGood(const std::string& token, absl::Time now) const;
  void Clear();

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, absl::Time> ends_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_AUTHORIZATION_H_
