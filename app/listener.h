// The gRPC port's socket.
#ifndef APP_LISTENER_H_
#define APP_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/async/event_loop.h"

namespace edugate::app {

// The bytes of a sockaddr_in or a sockaddr_in6.
using SocketAddress = std::string;

// The addresses that a host's name, or an address as text, and a port stand for; empty if none.
using Resolver =
    std::function<std::vector<SocketAddress>(const std::string& host, const std::string& port)>;

// As the system finds them.
std::vector<SocketAddress> SystemAddresses(const std::string& host, const std::string& port);

// Accepts connections for gRPC: its own listener (1.51) gives up for good when the process is out
// of file descriptors once. Here, connections then wait in the system's queue until there are some.
class Listener {
 public:
  // Listens on every address that HOST:PORT stands for, once on one that HOST has several times;
  // port 0 is one that the system chooses. UNAVAILABLE where that is not possible.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address,
                                                        const Resolver& resolve = SystemAddresses);

  virtual ~Listener() = default;

  // HOST:PORT, with the port that is listened on.
  virtual std::string address() const = 0;

  // Gives each connection, a descriptor that then is the receiver's, to `take`, on `loop`, which
  // outlives the listener's last turn there. Once.
  virtual void Start(async::EventLoop& loop, std::function<void(int fd)> take) = 0;

  // Takes no more connections: who connects is refused. From any thread but the loop's; afterwards
  // `take` is not called any more.
  virtual void Close() = 0;
};

}  // namespace edugate::app

#endif  // APP_LISTENER_H_
