// The parts that a call's handler works with, while the configuration may be replaced.
#ifndef SERVICES_PARTS_OF_CALL_H_
#define SERVICES_PARTS_OF_CALL_H_

#include <memory>
#include <mutex>
#include <utility>

#include "runtime/async/call_context.h"
#include "services/service_parts.h"

namespace edugate::services {

// What the calls of one configuration stand on: it goes when the last of them has ended and another
// configuration has taken its place. May be destroyed on any thread.
class ServiceFooting : public async::Footing {
 public:
  // Valid for as long as the footing.
  const ServiceParts& parts() const { return parts_; }

 protected:
  ServiceParts parts_;
};

// The footing of the calls that begin now. Thread-safe.
class CurrentFooting {
 public:
  std::shared_ptr<const ServiceFooting> Get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return footing_;
  }

  // Calls in progress keep theirs.
  void Set(std::shared_ptr<const ServiceFooting> footing) {
    const std::lock_guard<std::mutex> lock(mutex_);
    footing_.swap(footing);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ServiceFooting> footing_;
};

// Where a handler finds its parts: the same from the beginning to the end of a call.
class PartsOfCall {
 public:
  // Always these.
  PartsOfCall(const ServiceParts& parts) : fixed_(parts) {}  // NOLINT(google-explicit-constructor)

  // Those of the footing that is current when the call first asks. `current` outlives the object.
  explicit PartsOfCall(const CurrentFooting& current) : current_(&current) {}

  // The parts, which live as long as the call.
  const ServiceParts& operator()(async::CallContext& call) const {
    if (current_ == nullptr) return fixed_;
    if (call.footing() == nullptr) call.StandOn(current_->Get());
    return static_cast<const ServiceFooting&>(*call.footing()).parts();
  }

 private:
  ServiceParts fixed_;
  const CurrentFooting* current_ = nullptr;
};

}  // namespace edugate::services

#endif  // SERVICES_PARTS_OF_CALL_H_
