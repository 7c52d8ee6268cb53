// A secret that follows its file.
#ifndef EDUGATE_RUNTIME_CONFIG_ROTATING_SECRET_H_
#define EDUGATE_RUNTIME_CONFIG_ROTATING_SECRET_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/async/clock.h"
#include "runtime/config/file_stamp.h"
#include "runtime/config/secret.h"

namespace edugate::config {

// Gives a secret as its file has it now. The file is looked at (one stat) at most once a second,
// and read when it was written, replaced, or reached through another symbolic link (Kubernetes'
// `..data`). As long as the new content can't be read or is refused, the last good one stays. A
// value or a variable never changes. Thread-safe.
class RotatingSecret {
 public:
  // Says whether a secret can be used where it is needed, in words that don't show it.
  using Check = std::function<absl::Status(absl::string_view)>;

  // Reads the secret the first time. The error is that of SecretSource::Read or of `check`, which
  // may be null. `clock` outlives the secret.
  static absl::StatusOr<std::unique_ptr<RotatingSecret>> Open(SecretSource source, Check check,
                                                              const async::Clock* clock);

  RotatingSecret(const RotatingSecret&) = delete;
  RotatingSecret& operator=(const RotatingSecret&) = delete;

  // The secret. Never null.
  std::shared_ptr<const Secret> Get();

  // The same, looking at the file even if it was looked at less than a second ago: for when the
  // provider has refused the secret. Waits for another thread that is looking, and then looks
  // itself.
  std::shared_ptr<const Secret> GetFresh();

 private:
  RotatingSecret(SecretSource source, Check check, const async::Clock* clock);

  absl::StatusOr<Secret> ReadAndCheck() const;
  std::shared_ptr<const Secret> Look(bool at_once);

  const SecretSource source_;
  const Check check_;
  const async::Clock* const clock_;

  std::condition_variable looked_;
  std::mutex mutex_;  // Guards what follows.
  std::shared_ptr<const Secret> current_;
  FileStamp stamp_;
  async::MonotonicTime next_look_;
  bool looking_ = false;
};

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_ROTATING_SECRET_H_
