// CurlEngine: one loop's libcurl.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_ENGINE_H_
#define EDUGATE_RUNTIME_HTTP_CURL_ENGINE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/async/event_loop.h"
#include "runtime/http/curl_handle_pool.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/curl_types.h"

namespace edugate::http {

// The multi handle with its connections, and what libcurl asks of a loop. Loop thread only, but for
// its construction and destruction.
//
// libcurl says REMOVE for a socket after each transfer and asks for it again at the next, though
// the connection is kept. A socket therefore stays registered, level-triggered, until libcurl
// closes it: no epoll_ctl for a transfer on a kept connection. What epoll tells of a socket that
// libcurl doesn't wait for (a kept connection that the server closes; data for a paused transfer)
// would come again in every turn, so at the first such event the registration is narrowed to what
// is wanted, or ended if nothing is (EPOLLHUP and EPOLLERR can't be masked); libcurl's next request
// for the socket restores it. Edge triggering would not do: libcurl does not read until EAGAIN, and
// what it leaves makes no edge.
class CurlEngine {
 public:
  // `loop` and `options` outlive the engine.
  CurlEngine(async::EventLoop& loop, const CurlOptions& options);
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;
  ~CurlEngine();

  async::EventLoop& loop() const { return loop_; }
  const CurlOptions& options() const { return options_; }
  CurlHandlePool& handles() { return handles_; }

  // Begins the handle's transfer; false if libcurl refuses it.
  bool Add(CURL* easy);

  // Not inside a callback of libcurl. A transfer that hasn't ended takes its connection with it.
  void Remove(CURL* easy);

  // Has libcurl look at its transfers at the end of this turn.
  void Kick();

  // A new socket for a connection that libcurl makes; CURL_SOCKET_BAD with errno without one.
  curl_socket_t Open(const curl_sockaddr& address);

  // For libcurl: closes a socket of Open().
  static int OnClose(void* engine, curl_socket_t fd);

 private:
  struct Socket;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

  // libcurl's own time-out.
  class Timeout final : public async::Timer {
   public:
    explicit Timeout(CurlEngine& engine) : Timer(engine.loop_), engine_(engine) {}

   private:
    void OnTimer() override { engine_.Kick(); }
    CurlEngine& engine_;
  };

  // Ends the turn for libcurl: new transfers and time-outs in one go, then the transfers that are
  // done.
  class Collect final : public async::Timer {
   public:
    explicit Collect(CurlEngine& engine) : Timer(engine.loop_), engine_(engine) {}

   private:
    void OnTimer() override { engine_.CollectFinished(); }
    CurlEngine& engine_;
  };

  static int OnPoll(CURL* easy, curl_socket_t fd, int what, void* engine, void* socket);
  static int OnTimeout(CURLM* multi, CurlLong milliseconds, void* engine);

  void OnSocketEvents(Socket& socket, uint32_t events);
  void CollectFinished();
  std::unique_ptr<Socket>& SlotOf(int fd);
  void Register(Socket& socket, uint32_t events);

  async::EventLoop& loop_;
  const CurlOptions& options_;
  CURLM* multi_ = nullptr;
  std::vector<std::unique_ptr<Socket>> sockets_;  // By file descriptor.
  bool timeouts_due_ = false;
  Timeout timeout_;
  Collect collect_;
  CurlHandlePool handles_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_ENGINE_H_
