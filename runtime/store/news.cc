#include "runtime/store/news.h"

#include <algorithm>
#include <utility>

namespace edugate::store {
namespace {

// Below every number, also that of an empty log.
constexpr int64_t kForgotten = -1;

}  // namespace

// A place among those who wait for a topic, given up however the wait ends.
class News::Place {
 public:
  Place(News& news, std::string topic, int64_t after, async::EventLoop& loop)
      : news_(news), topic_(std::move(topic)), wake_(std::make_shared<Wake>(loop)) {
    const std::lock_guard lock(news_.mutex_);
    Topic& known = news_.topics_[topic_];
    has_come_ = known.latest > after;
    if (!has_come_) known.waiting.insert(wake_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const std::lock_guard lock(news_.mutex_);
    news_.topics_[topic_].waiting.erase(wake_);
  }

  bool has_come() const { return has_come_; }
  Wake& wake() { return *wake_; }

 private:
  News& news_;
  const std::string topic_;
  const std::shared_ptr<Wake> wake_;
  bool has_come_ = false;
};

void News::WakeAll(const Wakes& wakes) {
  for (const std::shared_ptr<Wake>& each : wakes) each->Send(std::monostate());
}

void News::Announce(absl::string_view topic, int64_t sequence) {
  Wakes woken;
  {
    const std::lock_guard lock(mutex_);
    Topic& known = topics_[topic];
    if (sequence <= known.latest) return;
    known.latest = sequence;
    woken.swap(known.waiting);
  }
  WakeAll(woken);
}

void News::LookedUp(absl::string_view topic, int64_t last) {
  Wakes woken;
  {
    const std::lock_guard lock(mutex_);
    Topic& known = topics_[topic];
    if (last == known.latest) return;
    // A lower one may be an answer that news have overtaken, so that it takes nothing back.
    known.latest = std::max(last, known.latest);
    woken.swap(known.waiting);
  }
  WakeAll(woken);
}

void News::StartAgain(absl::string_view topic, int64_t last) {
  Wakes woken;
  {
    const std::lock_guard lock(mutex_);
    Topic& known = topics_[topic];
    if (known.latest <= last) return;
    known.latest = last;
    woken.swap(known.waiting);
  }
  WakeAll(woken);
}

async::Task<absl::Status> News::WaitBeyond(async::CallContext& call, std::string topic,
                                           int64_t after) {
  Place place(*this, std::move(topic), after, call.loop());
  if (place.has_come()) co_return absl::OkStatus();
  auto woken = co_await place.wake().Wait(call);
  co_return woken.status();
}

void News::ForgetNumbers() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, topic] : topics_) topic.latest = kForgotten;
}

void News::Know(absl::string_view topic) {
  const std::lock_guard lock(mutex_);
  topics_.try_emplace(topic);
}

std::vector<std::string> News::Topics() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> topics;
  for (const auto& [name, topic] : topics_) topics.push_back(name);
  return topics;
}

std::size_t News::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [name, topic] : topics_) count += topic.waiting.size();
  return count;
}

}  // namespace edugate::store
