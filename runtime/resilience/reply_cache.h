// Replies that are kept for those who ask again.
#ifndef RUNTIME_RESILIENCE_REPLY_CACHE_H_
#define RUNTIME_RESILIENCE_REPLY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "runtime/async/clock.h"
#include "runtime/resilience/kept_reply.h"

namespace edugate::resilience {

// The replies of a connection, by a key that holds the caller and the whole request. At most so
// many bytes; the least recently used go first. Used from every loop at once.
class ReplyCache {
 public:
  explicit ReplyCache(size_t max_bytes) : max_bytes_(max_bytes) {}
  ReplyCache(const ReplyCache&) = delete;
  ReplyCache& operator=(const ReplyCache&) = delete;

  struct Found {
    // Null: nothing is kept.
    std::shared_ptr<const KeptReply> reply;
    // Good without asking. False: it has come of age, and has an ETag to ask with.
    bool fresh = false;
    // For Keep().
    uint64_t epoch = 0;
  };
  Found Find(absl::string_view key, async::MonotonicTime now);

  // Keeps a reply until it is put out by others, good without asking until `fresh_until`. `epoch`
  // is what Find() said before the provider was asked: where Clear() came in between, the reply may
  // be older than what was done since, and is not kept. Neither is one that is larger than the
  // whole cache.
  void Keep(absl::string_view key, std::shared_ptr<const KeptReply> reply,
            async::MonotonicTime fresh_until, uint64_t epoch);

  // Forgets everything: something was written.
  void Clear();

  // What the kept replies take, keys and all.
  size_t bytes() const;
  size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const KeptReply> reply;
    async::MonotonicTime fresh_until;
    size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  void Erase(Entries::iterator entry);

  const size_t max_bytes_;
  mutable std::mutex mutex_;  // Guards what follows.
  Entries entries_;           // The most recently used first.
  absl::flat_hash_map<absl::string_view, Entries::iterator> by_key_;
  size_t bytes_ = 0;
  uint64_t epoch_ = 0;
};

}  // namespace edugate::resilience

#endif  // RUNTIME_RESILIENCE_REPLY_CACHE_H_
