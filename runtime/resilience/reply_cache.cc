#include "runtime/resilience/reply_cache.h"

#include <utility>

namespace edugate::resilience {
namespace {

// What a reply costs beside its message: the list's and the map's entries, the allocator's share.
constexpr size_t kOverhead = 256;

size_t SizeOf(absl::string_view key, const KeptReply& reply) {
  return kOverhead + key.size() + reply.message->SpaceUsedLong() + reply.etag.size();
}

}  // namespace

ReplyCache::Found ReplyCache::Find(absl::string_view key, async::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  Found found{.epoch = epoch_};
  const auto place = by_key_.find(key);
  if (place == by_key_.end()) return found;
  const Entries::iterator entry = place->second;
  found.fresh = now < entry->fresh_until;
  if (!found.fresh && entry->reply->etag.empty()) {
    Erase(entry);
    return found;
  }
  found.reply = entry->reply;
  entries_.splice(entries_.begin(), entries_, entry);
  return found;
}

void ReplyCache::Keep(absl::string_view key, std::shared_ptr<const KeptReply> reply,
                      async::MonotonicTime fresh_until, uint64_t epoch) {
  const size_t bytes = SizeOf(key, *reply);
  const std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  if (const auto place = by_key_.find(key); place != by_key_.end()) Erase(place->second);
  if (bytes > max_bytes_) return;
  while (bytes_ + bytes > max_bytes_) Erase(std::prev(entries_.end()));
  entries_.push_front({.key = std::string(key),
                       .reply = std::move(reply),
                       .fresh_until = fresh_until,
                       .bytes = bytes});
  by_key_[entries_.front().key] = entries_.begin();
  bytes_ += bytes;
}

void ReplyCache::Clear() {
  Entries forgotten;  // Destroyed without the lock.
  const std::lock_guard lock(mutex_);
  ++epoch_;
  by_key_.clear();
  bytes_ = 0;
  forgotten.swap(entries_);
}

void ReplyCache::Erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

size_t ReplyCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t ReplyCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace edugate::resilience
