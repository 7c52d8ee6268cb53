#include "sandbox/fault_list.h"

#include <utility>

#include "absl/strings/match.h"

namespace edugate::sandbox {

int64_t FaultList::Add(Fault fault) {
  absl::MutexLock lock(&mutex_);
  Entry entry;
  entry.state.id = next_id_++;
  entry.state.left = fault.count;
  entry.skip = fault.skip;
  entry.state.fault = std::move(fault);
  entries_.push_back(std::move(entry));
  return entries_.back().state.id;
}

bool FaultList::Remove(int64_t id) {
  absl::MutexLock lock(&mutex_);
  return std::erase_if(entries_, [id](const Entry& entry) { return entry.state.id == id; }) > 0;
}

void FaultList::Clear() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
}

std::vector<FaultState> FaultList::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<FaultState> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.state);
  return all;
}

std::optional<Fault> FaultList::Take(absl::string_view provider, absl::string_view target) {
  absl::MutexLock lock(&mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const Fault& fault = entry->state.fault;
    if (!fault.provider.empty() && fault.provider != provider) continue;
    if (!absl::StrContains(target, fault.path_contains)) continue;
    if (entry->skip > 0) {
      --entry->skip;
      continue;
    }
    Fault taken = fault;
    if (entry->state.left > 0) {
      --entry->state.left;
      if (entry->state.left == 0) entries_.erase(entry);
    }
    return taken;
  }
  return std::nullopt;
}

}  // namespace edugate::sandbox
