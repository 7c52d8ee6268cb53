#include "runtime/config/rotating_secret.h"

#include <utility>

#include "absl/time/time.h"

namespace edugate::config {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<RotatingSecret>> RotatingSecret::Open(SecretSource source,
                                                                     Check check,
                                                                     const async::Clock* clock) {
  auto secret = std::unique_ptr<RotatingSecret>(
      new RotatingSecret(std::move(source), std::move(check), clock));
  // The stamp is taken first: a file that changes in between is read again at the next look.
  const FileStamp stamp = StampOf(secret->source_.path());
  absl::StatusOr<Secret> first = secret->ReadAndCheck();
  if (!first.ok()) return first.status();
  const std::lock_guard lock(secret->mutex_);
  secret->stamp_ = stamp;
  secret->current_ = std::make_shared<const Secret>(*std::move(first));
  secret->next_look_ = async::After(clock->MonotonicNow(), kLookInterval);
  return secret;
}

RotatingSecret::RotatingSecret(SecretSource source, Check check, const async::Clock* clock)
    : source_(std::move(source)), check_(std::move(check)), clock_(clock) {}

std::shared_ptr<const Secret> RotatingSecret::Get() { return Look(/*at_once=*/false); }

std::shared_ptr<const Secret> RotatingSecret::GetFresh() { return Look(/*at_once=*/true); }

absl::StatusOr<Secret> RotatingSecret::ReadAndCheck() const {
  absl::StatusOr<Secret> secret = source_.Read();
  if (!secret.ok() || check_ == nullptr) return secret;
  absl::Status checked = check_(secret->Reveal());
  if (!checked.ok()) return checked;
  return secret;
}

std::shared_ptr<const Secret> RotatingSecret::Look(bool at_once) {
  FileStamp known;
  {
    std::unique_lock lock(mutex_);
    if (source_.path().empty() || (looking_ && !at_once)) return current_;
    // The other look may have begun before the file was replaced, and has not ended.
    looked_.wait(lock, [this] { return !looking_; });
    const async::MonotonicTime now = clock_->MonotonicNow();
    if (!at_once && now < next_look_) return current_;
    next_look_ = async::After(now, kLookInterval);
    looking_ = true;
    known = stamp_;
  }
  // Without the lock, so that other threads go on with the secret they know.
  const FileStamp stamp = StampOf(source_.path());
  std::shared_ptr<const Secret> next;
  if (!(stamp == known)) {
    absl::StatusOr<Secret> read = ReadAndCheck();
    if (read.ok()) next = std::make_shared<const Secret>(*std::move(read));
  }
  const std::lock_guard lock(mutex_);
  looking_ = false;
  looked_.notify_all();
  if (next != nullptr) {
    current_ = std::move(next);
    stamp_ = stamp;
  }
  return current_;
}

}  // namespace edugate::config
