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

template <typename Change>
void News::WakeWhere(absl::string_view topic, Change change) {
  absl::flat_hash_set<std::shared_ptr<Wake>> woken;
  {
    const std::lock_guard lock(mutex_);
    Topic& known = topics_[topic];
    if (!change(known.latest)) return;
    woken.swap(known.waiting);
  }
  for (const std::shared_ptr<Wake>& each : woken) each->Send(std::monostate());
}

void News::Announce(absl::string_view topic, int64_t sequence) {
  WakeWhere(topic, [sequence](int64_t& latest) {
    const bool is_new = sequence > latest;
    if (is_new) latest = sequence;
    return is_new;
  });
}

void News::LookedUp(absl::string_view topic, int64_t last) {
  WakeWhere(topic, [last](int64_t& latest) {
    const bool differs = last != latest;
    // A lower one may be an answer that news have overtaken, so that it takes nothing back.
    latest = std::max(last, latest);
    return differs;
  });
}

void News::StartAgain(absl::string_view topic, int64_t last) {
  WakeWhere(topic, [last](int64_t& latest) {
    const bool is_of_the_lost = latest > last;
    if (is_of_the_lost) latest = last;
    return is_of_the_lost;
  });
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
