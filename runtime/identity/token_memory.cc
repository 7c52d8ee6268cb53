#include "runtime/identity/token_memory.h"

#include <utility>

#include "runtime/digest/sha256.h"

namespace edugate::identity {

TokenDigest DigestOf(absl::string_view token) { return digest::Sha256(token); }

std::shared_ptr<const std::string> TokenMemory::Find(const TokenDigest& digest, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto found = young_.find(digest);
  if (found != young_.end()) return now < found->second.until ? found->second.caller : nullptr;
  found = old_.find(digest);
  if (found == old_.end() || now >= found->second.until) return nullptr;
  Known known = found->second;
  std::shared_ptr<const std::string> caller = known.caller;
  Insert(digest, std::move(known));
  return caller;
}

void TokenMemory::Remember(const TokenDigest& digest, std::shared_ptr<const std::string> caller,
                           absl::Time until) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Insert(digest, {.caller = std::move(caller), .until = until});
}

void TokenMemory::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  young_.clear();
  old_.clear();
}

void TokenMemory::Insert(const TokenDigest& digest, Known known) {
  if (young_.size() >= half_size_) {
    old_ = std::move(young_);
    young_ = Half();
  }
  young_[digest] = std::move(known);
}

}  // namespace edugate::identity
