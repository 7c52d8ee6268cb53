#ifndef EDUGATE_SANDBOX_HTTP_SERVER_H_
#define EDUGATE_SANDBOX_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sandbox/provider.h"
#include "sandbox/sandbox.h"

namespace edugate::sandbox {

// An HTTP/1.1 server with keep-alive, a thread for each open connection, and answers that can break
// off on purpose.
class HttpServer {
 public:
  // Answers one request. Called by many threads.
  using Handler = std::function<Reply(const Request&)>;
  // Waits, between the bytes of a trickled body.
  using Sleep = std::function<void(absl::Duration)>;

  // Starts listening. UNAVAILABLE when the address can't be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options, Handler handler,
                                                           Sleep sleep);

  // Stops.
  ~HttpServer();

  int port() const;
  // Closes every connection and returns when all threads have ended. May be called again.
  void Stop();

 private:
  class Listener;

  HttpServer(std::unique_ptr<Listener> listener, int port);

  std::unique_ptr<Listener> listener_;
  int port_;
};

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_HTTP_SERVER_H_
