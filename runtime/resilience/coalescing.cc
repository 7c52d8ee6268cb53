#include "runtime/resilience/coalescing.h"

#include <utility>

#include "absl/hash/hash.h"
#include "runtime/async/event.h"
#include "runtime/async/event_loop.h"

namespace edugate::resilience {
namespace {

std::string TextOf(const std::vector<http::Header>& headers) {
  std::string text;
  for (const auto& [name, value] : headers) {
    text += name;
    text += ':';
    text += value;
    text += '\n';
  }
  return text;
}

size_t HashOf(const Coalescing::Key& key) {
  return absl::HashOf(key.caller, key.operation, key.request->url, key.request->body);
}

bool Equal(const Coalescing::Key& left, const Coalescing::Key& right) {
  const http::Request& one = *left.request;
  const http::Request& other = *right.request;
  return left.caller == right.caller && left.operation == right.operation &&
         left.reply == right.reply && one.method == other.method && one.url == other.url &&
         one.body == other.body && one.max_response_bytes == other.max_response_bytes;
}

}  // namespace

// What wakes a follower. It is shared with the work that does, which may come when the call has
// left.
struct Coalescing::Seat::Waiter {
  explicit Waiter(async::EventLoop& its_loop) : loop(its_loop) {}
  async::EventLoop& loop;
  async::Event woken;              // The loop's.
  std::optional<Landing> landing;  // Written before the waking, with the lock held.
};

bool Coalescing::Same::operator()(const Seat* left, const Seat* right) const {
  return left == right || (left->hash_ == right->hash_ && left->headers_ == right->headers_ &&
                           Equal(left->key_, right->key_));
}

// With the lock held. Where a flight was closed, its place may be another's by now.
void Coalescing::Unlist(Seat* seat) {
  const auto place = leaders_.find(seat);
  if (place != leaders_.end() && *place == seat) leaders_.erase(place);
}

void Coalescing::CloseAll() {
  const std::lock_guard lock(mutex_);
  leaders_.clear();
}

Coalescing::Seat::Seat(Coalescing& reads, const Key& key, async::EventLoop& loop)
    : reads_(reads), key_(key), headers_(TextOf(key.request->headers)), hash_(HashOf(key)) {
  const std::lock_guard lock(reads_.mutex_);
  const auto [place, first] = reads_.leaders_.insert(this);
  if (first) return;
  leader_ = *place;
  waiter_ = std::make_shared<Waiter>(loop);
  leader_->followers_.push_back(this);
}

Coalescing::Seat::~Seat() {
  const std::lock_guard lock(reads_.mutex_);
  if (leader_ != nullptr) {
    std::erase(leader_->followers_, this);
    return;
  }
  reads_.Unlist(this);
  if (followers_.empty()) return;
  Seat* const next = followers_.front();
  next->leader_ = nullptr;
  next->followers_.assign(followers_.begin() + 1, followers_.end());
  for (Seat* follower : next->followers_) follower->leader_ = next;
  reads_.leaders_.insert(next);
  next->Post();
}

bool Coalescing::Seat::leads() const {
  if (waiter_ == nullptr) return true;
  const std::lock_guard lock(reads_.mutex_);
  return leader_ == nullptr && !waiter_->landing.has_value();
}

const std::optional<Coalescing::Landing>& Coalescing::Seat::landing() const {
  static const std::optional<Landing> none;
  return waiter_ == nullptr ? none : waiter_->landing;
}

async::Task<absl::Status> Coalescing::Seat::Wait(async::CallContext& call) {
  absl::Status waited = co_await waiter_->woken.Wait(call);
  co_return waited;
}

bool Coalescing::Seat::Close() {
  const std::lock_guard lock(reads_.mutex_);
  reads_.Unlist(this);
  return !followers_.empty();
}

void Coalescing::Seat::Land(const Landing& landing) {
  const std::lock_guard lock(reads_.mutex_);
  for (Seat* follower : followers_) {
    follower->leader_ = nullptr;
    follower->waiter_->landing = landing;
    follower->Post();
  }
  followers_.clear();
}

// With the lock held, so that no follower's loop goes away between the look and the waking.
void Coalescing::Seat::Post() {
  waiter_->loop.Post([waiter = waiter_] { waiter->woken.Set(); });
}

}  // namespace edugate::resilience
