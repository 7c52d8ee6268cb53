// How many client connections the gRPC port has.
#ifndef APP_OPEN_CONNECTIONS_H_
#define APP_OPEN_CONNECTIONS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/async/clock.h"

namespace edugate::app {

// Bounds the connections that are given to gRPC, which has no bound of its own (1.51) and doesn't
// say when it closes one: a descriptor counts until it is closed or stands for something else.
// One thread's, but for Text().
class OpenConnections {
 public:
  explicit OpenConnections(size_t most) : most_(most) {}

  // Whether the connection may be given away, and then counts it. Of those before it some may have
  // been closed in the last tenth of a second and still count.
  bool Admit(int fd, async::MonotonicTime now);

  // edugate_connections_refused_total, in the Prometheus text format. Thread-safe.
  std::string Text() const;

 private:
  // A socket, which no other has the same of while the process runs.
  struct Identity {
    int fd;
    dev_t device;
    ino_t number;
  };

  static bool IdentityOf(int fd, Identity* identity);
  void Refuse(async::MonotonicTime now);

  const size_t most_;
  std::vector<Identity> given_;
  async::MonotonicTime next_look_{};
  async::MonotonicTime next_word_{};
  std::atomic<int64_t> refused_{0};
};

}  // namespace edugate::app

#endif  // APP_OPEN_CONNECTIONS_H_
