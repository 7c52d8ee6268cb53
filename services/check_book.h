// What the last check of each connection found.
#ifndef SERVICES_CHECK_BOOK_H_
#define SERVICES_CHECK_BOOK_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "edugate/v1/connection.pb.h"

namespace edugate::services {

// The outcome of each connection's last check. Used from every loop at once.
class CheckBook {
 public:
  void Note(const std::string& connection, const v1::ConnectionCheck& check) {
    const std::lock_guard<std::mutex> lock(mutex_);
    checks_[connection] = check;
  }

  std::optional<v1::ConnectionCheck> Last(const std::string& connection) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = checks_.find(connection);
    if (found == checks_.end()) return std::nullopt;
    return found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, v1::ConnectionCheck> checks_;
};

}  // namespace edugate::services

#endif  // SERVICES_CHECK_BOOK_H_
