#include "services/drain.h"

#include <utility>

namespace edugate::services {

Drain::Wait::Wait(Drain* drain, async::CallContext& waiting) : drain_(drain) {
  if (drain_ == nullptr) return;
  place_ = std::make_shared<Place>(Place{.loop = waiting.loop(), .waiting = &waiting});
  bool begun = false;
  {
    const std::lock_guard<std::mutex> lock(drain_->mutex_);
    begun = drain_->begun_;
    if (!begun) drain_->places_.insert(place_);
  }
  if (begun) End(place_);
}

Drain::Wait::~Wait() {
  if (drain_ == nullptr) return;
  place_->waiting = nullptr;
  const std::lock_guard<std::mutex> lock(drain_->mutex_);
  drain_->places_.erase(place_);
}

bool Drain::Wait::ended() const {
  if (drain_ == nullptr) return false;
  const std::lock_guard<std::mutex> lock(drain_->mutex_);
  return drain_->begun_;
}

void Drain::Begin() {
  absl::flat_hash_set<std::shared_ptr<Place>> waits;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    begun_ = true;
    waits.swap(places_);
  }
  for (const std::shared_ptr<Place>& place : waits) End(place);
}

void Drain::End(const std::shared_ptr<Place>& place) {
  place->loop.Post([place] {
    if (place->waiting != nullptr) place->waiting->Cancel();
  });
}

}  // namespace edugate::services
