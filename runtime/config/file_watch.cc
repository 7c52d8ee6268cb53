#include "runtime/config/file_watch.h"

#include <utility>

namespace edugate::config {

void FileWatch::Watch(const std::vector<std::string>& paths) {
  Stamps known;
  for (const std::string& path : paths) {
    const auto before = known_.find(path);
    known[path] = before != known_.end() ? before->second : StampOf(path);
  }
  known_ = std::move(known);
  seen_ = known_;
}

bool FileWatch::Changed() {
  Stamps now = Look();
  const bool rests = now == seen_;
  seen_ = std::move(now);
  if (!rests || seen_ == known_) return false;
  known_ = seen_;
  return true;
}

FileWatch::Stamps FileWatch::Look() const {
  Stamps now;
  for (const auto& [path, stamp] : known_) now[path] = StampOf(path);
  return now;
}

}  // namespace edugate::config
