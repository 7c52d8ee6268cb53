#include "runtime/http/curl_engine.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <utility>

#include "runtime/http/curl_transfer.h"

namespace edugate::http {

// A socket of libcurl and what epoll knows of it.
struct CurlEngine::Socket final : public async::Watcher {
  Socket(CurlEngine& engine, int fd, bool ours) : engine(engine), fd(fd), ours(ours) {}
  void OnEvents(uint32_t events) override { engine.OnSocketEvents(*this, events); }

  CurlEngine& engine;
  const int fd;
  const bool ours;          // Opened by Open(), so that OnClose() will tell of its end.
  uint32_t wanted = 0;      // What libcurl waits for.
  uint32_t registered = 0;  // What epoll was told; zero: not registered.
};

CurlEngine::CurlEngine(async::EventLoop& loop, const CurlOptions& options)
    : loop_(loop), options_(options), timeout_(*this), collect_(*this), handles_(*this) {
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlEngine::OnPoll);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlEngine::OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<CurlLong>(options.max_connections_per_host));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                    static_cast<CurlLong>(options.max_kept_connections));
  // For the endpoints that offer HTTP/2.
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

CurlEngine::~CurlEngine() {
  curl_multi_cleanup(multi_);
  for (const std::unique_ptr<Socket>& socket : sockets_) {
    if (socket != nullptr && socket->registered != 0) loop_.Unwatch(socket->fd);
  }
}

bool CurlEngine::Add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

void CurlEngine::Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

void CurlEngine::Kick() {
  timeouts_due_ = true;
  collect_.StartSoon();
}

curl_socket_t CurlEngine::Open(const curl_sockaddr& address) {
  const int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  SlotOf(fd) = std::make_unique<Socket>(*this, fd, true);
  return fd;
}

int CurlEngine::OnClose(void* engine, curl_socket_t fd) {
  CurlEngine& self = *static_cast<CurlEngine*>(engine);
  std::unique_ptr<Socket>& slot = self.SlotOf(fd);
  if (slot != nullptr) self.Register(*slot, 0);
  slot.reset();
  return close(fd);
}

int CurlEngine::OnPoll(CURL*, curl_socket_t fd, int what, void* engine, void*) {
  CurlEngine& self = *static_cast<CurlEngine*>(engine);
  std::unique_ptr<Socket>& slot = self.SlotOf(fd);
  // The resolver's socket, which libcurl makes and closes on its own.
  if (slot == nullptr) slot = std::make_unique<Socket>(self, fd, false);
  Socket& socket = *slot;
  socket.wanted = what == CURL_POLL_IN      ? uint32_t{EPOLLIN}
                  : what == CURL_POLL_OUT   ? uint32_t{EPOLLOUT}
                  : what == CURL_POLL_INOUT ? uint32_t{EPOLLIN} | uint32_t{EPOLLOUT}
                                            : 0;
  if (what == CURL_POLL_REMOVE && !socket.ours) {
    self.Register(socket, 0);
    slot.reset();
    return 0;
  }
  if ((socket.wanted & ~socket.registered) != 0) self.Register(socket, socket.wanted);
  return 0;
}

int CurlEngine::OnTimeout(CURLM*, CurlLong milliseconds, void* engine) {
  CurlEngine& self = *static_cast<CurlEngine*>(engine);
  if (milliseconds < 0) {
    self.timeout_.Cancel();
  } else if (milliseconds == 0) {
    self.Kick();
  } else {
    self.timeout_.Start(self.loop_.Now() + std::chrono::milliseconds(milliseconds));
  }
  return 0;
}

void CurlEngine::OnSocketEvents(Socket& socket, uint32_t events) {
  const uint32_t always = EPOLLERR | EPOLLHUP;
  const uint32_t unwanted = events & ~(socket.wanted | always);
  if (socket.wanted == 0 || unwanted != 0) Register(socket, socket.wanted);
  const bool broken = (events & always) != 0;
  int bits = 0;
  if ((events & EPOLLIN) != 0 || broken) bits |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0 || broken) bits |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0) bits |= CURL_CSELECT_ERR;
  if (socket.wanted == 0 || (events & (socket.wanted | always)) == 0) return;
  int running = 0;
  // May close the socket and so destroy it.
  curl_multi_socket_action(multi_, socket.fd, bits, &running);
  collect_.StartSoon();
}

void CurlEngine::CollectFinished() {
  if (std::exchange(timeouts_due_, false)) {
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) {
      CurlTransfer::Of(message->easy_handle).OnDone(message->data.result);
    }
  }
}

std::unique_ptr<CurlEngine::Socket>& CurlEngine::SlotOf(int fd) {
  const std::size_t index = static_cast<std::size_t>(fd);
  if (sockets_.size() <= index) sockets_.resize(index + 1);
  return sockets_[index];
}

void CurlEngine::Register(Socket& socket, uint32_t events) {
  if (socket.registered == events) return;
  if (events == 0) {
    loop_.Unwatch(socket.fd);
  } else if (socket.registered != 0) {
    loop_.Modify(socket.fd, events);
  } else if (!loop_.Watch(socket.fd, events, &socket)) {
    // Without memory in the kernel: the transfer ends by its stall limit or its deadline.
    return;
  }
  socket.registered = events;
}

}  // namespace edugate::http
