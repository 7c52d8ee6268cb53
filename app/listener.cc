#include "app/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "app/bracketed_host.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

constexpr int kBacklog = 4096;

// Connections accepted in one go, so that calls come in between.
constexpr int kAtOnce = 64;

// How long nothing is accepted when there are no descriptors left.
constexpr absl::Duration kPause = absl::Milliseconds(100);

bool IsOutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// A listening socket; -1 where the system gives none. `port`: instead of the address', where not 0.
int ListenOn(const SocketAddress& address, int port) {
  sockaddr_storage bound{};
  memcpy(&bound, address.data(), std::min(address.size(), sizeof(bound)));
  const int fd = socket(bound.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  // What is accepted inherits TCP_NODELAY.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (port != 0) {
    auto& place = bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(bound).sin_port;
    place = htons(static_cast<uint16_t>(port));
  }
  if (bind(fd, reinterpret_cast<const sockaddr*>(&bound), static_cast<socklen_t>(address.size())) ==
          0 &&
      listen(fd, kBacklog) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

class SocketListener final : public Listener {
 public:
  SocketListener(std::string address, const std::vector<int>& fds) : address_(std::move(address)) {
    for (int fd : fds) doors_.push_back(std::make_unique<Door>(*this, fd));
  }

  ~SocketListener() override { Close(); }

  std::string address() const override { return address_; }

  void Start(async::EventLoop& loop, std::function<void(int fd)> take) override {
    loop_ = &loop;
    take_ = std::move(take);
    loop.Post([this] {
      for (const auto& door : doors_) door->Open();
    });
  }

  void Close() override {
    if (doors_.empty()) return;
    if (loop_ == nullptr) {
      doors_.clear();
      return;
    }
    std::promise<void> closed;
    loop_->Post([&] {
      doors_.clear();
      closed.set_value();
    });
    closed.get_future().wait();
  }

 private:
  // One listening socket.
  class Door final : public async::Watcher {
   public:
    Door(SocketListener& owner, int fd) : owner_(owner), fd_(fd) {}
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;
    ~Door() {
      if (open_) owner_.loop_->Unwatch(fd_);
      close(fd_);
    }

    // On the loop, as all that follows.
    void Open() {
      open_ = owner_.loop_->Watch(fd_, EPOLLIN, this);
      if (!open_) telemetry::Error("the gRPC port can't be watched");
    }

   private:
    class Pause final : public async::Timer {
     public:
      explicit Pause(Door& door) : Timer(*door.owner_.loop_), door_(door) {}

     private:
      void OnTimer() override { door_.owner_.loop_->Modify(door_.fd_, EPOLLIN); }
      Door& door_;
    };

    void OnEvents(uint32_t) override {
      for (int i = 0; i < kAtOnce; ++i) {
        const int accepted = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
          owner_.take_(accepted);
          continue;
        }
        if (IsOutOfResources(errno)) Rest();
        if (errno != EINTR && errno != ECONNABORTED) return;
      }
    }

    void Rest() {
      if (!pause_.has_value()) pause_.emplace(*this);
      owner_.loop_->Modify(fd_, 0);
      pause_->Start(async::After(owner_.loop_->Now(), kPause));
      if (!said_) telemetry::Error("no more connections: the process is out of file descriptors");
      said_ = true;
    }

    SocketListener& owner_;
    const int fd_;
    bool open_ = false;
    bool said_ = false;
    std::optional<Pause> pause_;
  };

  const std::string address_;
  async::EventLoop* loop_ = nullptr;
  std::function<void(int)> take_;
  std::vector<std::unique_ptr<Door>> doors_;  // The loop's once it is started.
};

}  // namespace

std::vector<SocketAddress> SystemAddresses(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    addresses.emplace_back(reinterpret_cast<const char*>(each->ai_addr), each->ai_addrlen);
  }
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address,
                                                         const Resolver& resolve) {
  absl::Status failed = absl::UnavailableError(absl::StrCat("can't listen on ", address));
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return failed;
  const std::string named = address.substr(0, colon);
  const std::string host(WithoutBrackets(named));
  std::vector<int> fds;
  int port = 0;
  bool taken = false;
  std::set<SocketAddress> tried;
  for (const SocketAddress& each : resolve(host, address.substr(colon + 1))) {
    if (!tried.insert(each).second) continue;
    const int fd = ListenOn(each, port);
    if (fd < 0) {
      taken = taken || errno == EADDRINUSE;
      continue;
    }
    port = PortOf(fd);
    fds.push_back(fd);
  }
  if (!fds.empty() && !taken) {
    return std::make_unique<SocketListener>(absl::StrCat(named, ":", port), fds);
  }
  for (int fd : fds) close(fd);
  return failed;
}

}  // namespace edugate::app
