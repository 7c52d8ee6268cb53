// Tokens that have been checked, so that the next call with one costs a hash and no signature.
#ifndef EDUGATE_RUNTIME_IDENTITY_TOKEN_MEMORY_H_
#define EDUGATE_RUNTIME_IDENTITY_TOKEN_MEMORY_H_

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace edugate::identity {

// SHA-256 of a token: the token itself is not kept.
using TokenDigest = std::array<unsigned char, 32>;

TokenDigest DigestOf(absl::string_view token);

// Bounded: at most 2 * `half_size` tokens. When a half is full, the one before it, in which the
// tokens are that nobody has used since, is dropped. Thread-safe.
class TokenMemory {
 public:
  explicit TokenMemory(std::size_t half_size) : half_size_(half_size) {}

  // The caller of a token that was remembered and holds at `now`; null where there is none.
  std::shared_ptr<const std::string> Find(const TokenDigest& digest, absl::Time now);

  // Remembers a token until `until`.
  void Remember(const TokenDigest& digest, std::shared_ptr<const std::string> caller,
                absl::Time until);

  // Forgets all: the keys have changed.
  void Clear();

 private:
  struct Known {
    std::shared_ptr<const std::string> caller;
    absl::Time until;
  };
  using Half = absl::flat_hash_map<TokenDigest, Known>;

  void Insert(const TokenDigest& digest, Known known);

  const std::size_t half_size_;
  std::mutex mutex_;
  Half young_;  // These two under the mutex.
  Half old_;
};

}  // namespace edugate::identity

#endif  // EDUGATE_RUNTIME_IDENTITY_TOKEN_MEMORY_H_
