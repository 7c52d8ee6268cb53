#include "app/open_connections.h"

#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

// A look at 20,000 descriptors takes some milliseconds.
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(100);
constexpr absl::Duration kBetweenWords = absl::Minutes(1);

}  // namespace

bool OpenConnections::Admit(int fd, async::MonotonicTime now) {
  if (given_.size() >= most_ && now >= next_look_) {
    next_look_ = async::After(now, kBetweenLooks);
    const auto closed = [](const Identity& given) {
      Identity open;
      return !IdentityOf(given.fd, &open) || open.device != given.device ||
             open.number != given.number;
    };
    given_.erase(std::remove_if(given_.begin(), given_.end(), closed), given_.end());
  }
  Identity identity;
  if (given_.size() >= most_ || !IdentityOf(fd, &identity)) {
    Refuse(now);
    return false;
  }
  given_.push_back(identity);
  return true;
}

std::string OpenConnections::Text() const {
  return absl::StrCat(
      "# HELP edugate_connections_refused_total Client connections beyond server.max_connections, "
      "closed at once.\n"
      "# TYPE edugate_connections_refused_total counter\n"
      "edugate_connections_refused_total ",
      refused_.load(std::memory_order_relaxed), "\n");
}

bool OpenConnections::IdentityOf(int fd, Identity* identity) {
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  *identity = {.fd = fd, .device = status.st_dev, .number = status.st_ino};
  return true;
}

void OpenConnections::Refuse(async::MonotonicTime now) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  if (now < next_word_) return;
  next_word_ = async::After(now, kBetweenWords);
  telemetry::Warn(absl::StrCat("there are ", most_,
                               " client connections (server.max_connections): more are refused"));
}

}  // namespace edugate::app
