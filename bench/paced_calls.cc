// Calls at a steady pace, each measured from the moment at which it was due: h2load starts its
// calls in bursts, 10 ms apart, which wait for each other.
//
//   bench_paced TARGET METHOD_PATH REQUEST_FILE ANSWER_BYTES CALLS CONNECTIONS RATE
//
// REQUEST_FILE holds the request as it goes over the wire. Prints the microseconds of each call.
// Fails where one does not end with grpc-status 0 and as many bytes.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace edugate::bench {
namespace {

using Clock = std::chrono::steady_clock;

// What is asked for, and what became of it.
struct Load {
  std::string authority;
  std::string path;
  std::string request;
  size_t answer_bytes = 0;
  std::vector<Clock::duration> took;
  bool failed = false;

  void Fail(const std::string& what) {
    if (!failed) std::cerr << "bench_paced: " << what << "\n";
    failed = true;
  }
};

// One connection over cleartext HTTP/2.
class Connection {
 public:
  Connection(Load& load, int fd) : load_(load), fd_(fd) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &Connection::OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Connection::OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Connection::OnClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    nghttp2_session_del(session_);
    close(fd_);
  }

  int fd() const { return fd_; }

  void Start(Clock::time_point due) {
    const std::array headers = {
        Header(":method", "POST"),     Header(":scheme", "http"),
        Header(":path", load_.path),   Header(":authority", load_.authority),
        Header("te", "trailers"),      Header("content-type", "application/grpc"),
        Header("grpc-timeout", "20S"),
    };
    nghttp2_data_provider body{};
    body.read_callback = &Connection::OnRead;
    const int32_t stream =
        nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, nullptr);
    if (stream < 0) return load_.Fail(nghttp2_strerror(stream));
    calls_[stream] = Call{due, 0, "", 0};
  }

  void Send() {
    for (;;) {
      const uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size < 0) return load_.Fail(nghttp2_strerror(static_cast<int>(size)));
      if (size == 0) return;
      // A request is small; where the socket takes no more for a moment, everybody waits.
      if (send(fd_, bytes, static_cast<size_t>(size), MSG_NOSIGNAL) != size) {
        return load_.Fail("a connection takes no more");
      }
    }
  }

  void Receive() {
    std::array<uint8_t, 64 << 10> buffer;
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return load_.Fail("a connection ended");
    if (nghttp2_session_mem_recv(session_, buffer.data(), static_cast<size_t>(size)) != size) {
      return load_.Fail("what came is not HTTP/2");
    }
  }

 private:
  struct Call {
    Clock::time_point due;
    size_t bytes;
    std::string status;  // grpc-status
    size_t sent;
  };

  static nghttp2_nv Header(absl::string_view name, absl::string_view value) {
    return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
  }

  static ssize_t OnRead(nghttp2_session*, int32_t stream, uint8_t* out, size_t room,
                        uint32_t* flags, nghttp2_data_source*, void* user) {
    auto* connection = static_cast<Connection*>(user);
    Call& call = connection->calls_[stream];
    const std::string& request = connection->load_.request;
    const size_t size = std::min(room, request.size() - call.sent);
    std::memcpy(out, request.data() + call.sent, size);
    call.sent += size;
    if (call.sent == request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    const absl::string_view key(reinterpret_cast<const char*>(name), name_size);
    if (key == "grpc-status") {
      static_cast<Connection*>(user)->calls_[frame->hd.stream_id].status.assign(
          reinterpret_cast<const char*>(value), value_size);
    }
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t*, size_t size,
                    void* user) {
    static_cast<Connection*>(user)->calls_[stream].bytes += size;
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    auto* connection = static_cast<Connection*>(user);
    const auto found = connection->calls_.find(stream);
    if (found == connection->calls_.end()) return 0;
    const Call& call = found->second;
    if (call.status != "0" || call.bytes != connection->load_.answer_bytes) {
      connection->load_.Fail(absl::StrCat("a call ended with grpc-status ", call.status, " and ",
                                          call.bytes, " bytes"));
    }
    connection->load_.took.push_back(Clock::now() - call.due);
    connection->calls_.erase(found);
    return 0;
  }

  Load& load_;
  const int fd_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, Call> calls_;
};

int Connect(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

bool Run(Load& load, std::vector<std::unique_ptr<Connection>>& connections, int64_t calls,
         Clock::duration pace) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < connections.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i]->fd(), &event);
  }
  load.took.reserve(static_cast<size_t>(calls));
  Clock::time_point next = Clock::now();
  int64_t started = 0;
  while (static_cast<int64_t>(load.took.size()) < calls && !load.failed) {
    for (; started < calls && Clock::now() >= next; ++started, next += pace) {
      Connection& connection = *connections[static_cast<size_t>(started) % connections.size()];
      connection.Start(next);
      connection.Send();
    }
    auto wait = started < calls ? next - Clock::now() : Clock::duration(std::chrono::seconds(1));
    wait = std::max(wait, Clock::duration(0));
    const timespec limit{.tv_sec = wait / std::chrono::seconds(1),
                         .tv_nsec = static_cast<long>((wait % std::chrono::seconds(1)).count())};
    std::array<epoll_event, 16> events;
    const int count =
        epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *connections[events[i].data.u64];
      connection.Receive();
      connection.Send();
    }
  }
  close(epoll);
  return !load.failed;
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  using namespace edugate::bench;
  Load load;
  int64_t calls = 0;
  int connections = 0;
  double rate = 0;
  if (argc != 8 || !absl::SimpleAtoi(argv[4], &load.answer_bytes) ||
      !absl::SimpleAtoi(argv[5], &calls) || !absl::SimpleAtoi(argv[6], &connections) ||
      !absl::SimpleAtod(argv[7], &rate) || rate <= 0) {
    std::cerr << "usage: bench_paced TARGET METHOD_PATH REQUEST_FILE ANSWER_BYTES CALLS "
                 "CONNECTIONS RATE\n";
    return 2;
  }
  load.authority = argv[1];
  load.path = argv[2];
  std::ifstream file(argv[3], std::ios::binary);
  load.request.assign(std::istreambuf_iterator<char>(file), {});
  const size_t colon = load.authority.rfind(':');
  std::vector<std::unique_ptr<Connection>> opened;
  for (int i = 0; i < connections && colon != std::string::npos; ++i) {
    const int fd = Connect(load.authority.substr(0, colon), load.authority.substr(colon + 1));
    if (fd < 0) break;
    opened.push_back(std::make_unique<Connection>(load, fd));
  }
  if (opened.empty() || static_cast<int>(opened.size()) != connections) {
    std::cerr << "bench_paced: can't connect\n";
    return 1;
  }
  const auto pace =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  if (!Run(load, opened, calls, pace)) return 1;
  for (const Clock::duration took : load.took) {
    std::cout << std::chrono::duration<double, std::micro>(took).count() << "\n";
  }
  return 0;
}
