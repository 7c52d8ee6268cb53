#include "app/admin_server.h"

#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <future>
#include <limits>
#include <optional>
#include <regex>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "app/bracketed_host.h"
#include "app/status_page.h"
#include "runtime/telemetry/json_fields.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kUnavailable = 503;
// Probes and scrapes are few, and a slow one must not keep the others waiting. Webhooks come in
// bursts: those that wait together share one write to the disk.
constexpr size_t kThreads = 32;
constexpr time_t kTimeoutSeconds = 5;
// How often a thread that waits for a connection's next request looks whether the server stops.
constexpr std::chrono::milliseconds kStopCheck{100};
// How long the port stays closed before it is opened again, where its socket was lost.
constexpr std::chrono::milliseconds kClosedFor{100};
constexpr size_t kReadAtOnce = 4096;
constexpr size_t kMaxBodyBytes = size_t{64} << 10;
// Of a request's first line and its headers.
constexpr size_t kMaxHeadBytes = size_t{64} << 10;

// Whether a browser sends the request for a page of somebody else's. What people and programs send
// has no Origin.
bool IsForeign(const httplib::Request& request) {
  const std::string origin = request.get_header_value("Origin");
  if (origin.empty()) return false;
  const std::size_t host = origin.find("://");
  return host == std::string::npos || origin.substr(host + 3) != request.get_header_value("Host");
}

// The path of webhooks, and in it the connection.
constexpr char kWebhookPath[] = R"(/webhooks/([a-z][a-z0-9-]{0,62}))";

// The word in `debug`, `"debug"` or `{"level":"debug"}`.
std::string WordOf(std::string body) {
  const std::size_t colon = body.find(':');
  if (colon != std::string::npos) body = body.substr(colon + 1);
  std::string word;
  for (const char c : body) {
    if (absl::ascii_isalpha(c)) word += absl::ascii_tolower(c);
  }
  return word;
}

// What the wall clock does is of no account here.
using Clock = std::chrono::steady_clock;

// Waits until the socket is ready for `events`; whether it is.
bool Await(socket_t socket, short events, Clock::time_point until) {  // NOLINT(google-runtime-int)
  pollfd waited{.fd = socket, .events = events, .revents = 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int ready = poll(&waited, 1, std::max(static_cast<int>(left.count()), 0));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// A connection whose requests have to arrive by a time, and within a size. The library's own time
// limits each read alone, so that a request that comes byte by byte holds a thread for as long as
// its sender likes; its own size limits neither headers nor a body that doesn't say how long it is.
class TimedStream final : public httplib::Stream {
 public:
  explicit TimedStream(socket_t socket) : socket_(socket) {}

  // What is read from now on has to come by then.
  void ReadUntil(Clock::time_point deadline) { deadline_ = deadline; }

  // So much is read from now on.
  void ReadAtMost(size_t bytes) {
    left_ = bytes;
    taken_ = 0;
  }

  // How much has been read since then.
  uint64_t taken() const { return taken_; }

  // Whether something did not come in time, or was too much.
  bool broken_off() const { return broken_off_; }

  bool has_read_ahead() const { return at_ < end_; }

  bool is_readable() const override { return at_ < end_ || Await(socket_, POLLIN, deadline_); }
  bool is_writable() const override {
    return Await(socket_, POLLOUT, Clock::now() + std::chrono::seconds(kTimeoutSeconds));
  }

  ssize_t read(char* to, size_t size) override {
    if (left_ == 0) broken_off_ = true;
    if (broken_off_) return -1;
    if (at_ == end_) {
      // Also where the socket is readable, as it always is with somebody who sends now and then.
      broken_off_ = Clock::now() >= deadline_ || !is_readable();
      if (broken_off_) return -1;
      const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      at_ = 0;
      end_ = static_cast<size_t>(got);
    }
    const size_t count = std::min({size, end_ - at_, left_});
    std::memcpy(to, buffer_.data() + at_, count);
    at_ += count;
    left_ -= count;
    taken_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    return is_writable() ? send(socket_, from, size, MSG_NOSIGNAL) : -1;
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    Name(&getpeername, ip, port);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    Name(&getsockname, ip, port);
  }
  socket_t socket() const override { return socket_; }

 private:
  void Name(int (*name)(int, sockaddr*, socklen_t*), std::string& ip, int& port) const {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    if (name(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host.data(), host.size(),
                    service.data(), service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
        !absl::SimpleAtoi(service.data(), &port)) {
      return;
    }
    ip = host.data();
  }

  const socket_t socket_;
  Clock::time_point deadline_;
  size_t left_ = 0;
  uint64_t taken_ = 0;
  bool broken_off_ = false;
  std::array<char, kReadAtOnce> buffer_{};
  size_t at_ = 0;
  size_t end_ = 0;
};

// The library's server, with limits of time and size for each request.
class TimedServer final : public httplib::Server {
 public:
  void set_arrival_time(absl::Duration time) { arrival_time_ = time; }

  // Whether stop() has something to close.
  bool has_socket() const { return svr_sock_ != INVALID_SOCKET; }

 private:
  bool process_and_close_socket(socket_t socket) override {
    TimedStream stream(socket);
    bool served = false;
    for (size_t left = keep_alive_max_count_; left > 0 && AwaitRequest(stream); --left) {
      stream.ReadUntil(Clock::now() + absl::ToChronoMilliseconds(arrival_time_));
      stream.ReadAtMost(kMaxHeadBytes);
      bool closed = false;
      std::optional<uint64_t> length;
      served = process_request(stream, left == 1, closed, [&](httplib::Request& request) {
        length = LimitBody(request, stream);
      });
      // What the library answers to half a request leaves the connection open. What it has not read
      // of one would be the next: who may only send webhooks, through a proxy that looks at paths,
      // could send anything within one.
      const bool read_to_its_end = length.has_value() && *length == stream.taken();
      if (!served || closed || stream.broken_off() || !read_to_its_end) break;
    }
    shutdown(socket, SHUT_RDWR);
    close(socket);
    return served;
  }

  // Once the headers are there. The body's length; nothing where they leave it open, and the
  // connection ends with the answer.
  std::optional<uint64_t> LimitBody(httplib::Request& request, TimedStream& stream) const {
    // The library would inflate the body before it is known whose it is, and count none of that: a
    // megabyte can become a gigabyte. Without the header the body is taken as it was sent.
    request.headers.erase("Content-Encoding");
    // Of a body that says its length, the library reads at most what it may have, and forgets what
    // it skips of another one.
    const bool chunked = request.has_header("Transfer-Encoding");
    const bool measured = request.has_header("Content-Length") && !chunked;
    stream.ReadAtMost(measured ? std::numeric_limits<size_t>::max()
                               : payload_max_length_ + kMaxHeadBytes);
    uint64_t length = 0;
    const bool told = measured && request.get_header_value_count("Content-Length") == 1 &&
                      absl::SimpleAtoi(request.get_header_value("Content-Length"), &length);
    if (told || (!measured && !chunked)) return length;
    // As the connection's end is told.
    request.headers.erase("Connection");
    request.set_header("Connection", "close");
    return std::nullopt;
  }

  // Waits for a request's first byte; false where none comes, or the server stops.
  bool AwaitRequest(const TimedStream& stream) const {
    const Clock::time_point end = Clock::now() + std::chrono::seconds(keep_alive_timeout_sec_);
    while (svr_sock_ != INVALID_SOCKET && Clock::now() < end) {
      if (stream.has_read_ahead() ||
          Await(stream.socket(), POLLIN, std::min(end, Clock::now() + kStopCheck))) {
        return true;
      }
    }
    return false;
  }

  absl::Duration arrival_time_ = absl::Seconds(kTimeoutSeconds);
};

class HttplibAdminServer final : public AdminServer {
 public:
  explicit HttplibAdminServer(Pages pages) : pages_(std::move(pages)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_read_timeout(kTimeoutSeconds);
    server_.set_write_timeout(kTimeoutSeconds);
    server_.set_arrival_time(pages_.arrival_time);
    server_.set_tcp_nodelay(true);
    server_.set_payload_max_length(std::max(kMaxBodyBytes, pages_.max_webhook_bytes));
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const bool ready = pages_.ready();
      response.status = ready ? kOk : kUnavailable;
      response.set_content(ready ? "ready\n" : "not ready\n", "text/plain");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages_.metrics(), "text/plain; version=0.0.4");
    });
    ServeOperators();
    if (!pages_.webhook) return;
    server_.Post(kWebhookPath,
                 [this](const httplib::Request& request, httplib::Response& response) {
                   services::WebhookRequest webhook;
                   webhook.connection = request.matches[1];
                   webhook.headers.assign(request.headers.begin(), request.headers.end());
                   webhook.body = request.body;
                   response.status = pages_.webhook(std::move(webhook));
                 });
    if (!pages_.webhook_refused) return;
    server_.set_error_handler(httplib::Server::HandlerWithResponse(
        [this](const httplib::Request& request, const httplib::Response& response) {
          TellOfRefusal(request, response);
          return httplib::Server::HandlerResponse::Unhandled;
        }));
  }

  ~HttplibAdminServer() override {
    stopping_ = true;
    server_.stop();
    // A stop() that comes while the port is opened again is lost.
    while (serving_.valid() && serving_.wait_for(kStopCheck) != std::future_status::ready) {
      if (server_.has_socket()) server_.stop();
    }
  }

  absl::Status Listen(const std::string& address) {
    const size_t colon = address.rfind(':');
    host_ = address.substr(0, colon);
    int port = 0;
    if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
      return absl::InvalidArgumentError("admin_listen needs HOST:PORT");
    }
    const std::string host(WithoutBrackets(host_));
    // The library's own options let a second process take the same port, and then half of the
    // webhooks.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    if (port == 0) {
      port_ = server_.bind_to_any_port(host.c_str());
    } else if (server_.bind_to_port(host.c_str(), port)) {
      port_ = port;
    }
    if (port_ <= 0) return absl::UnavailableError(absl::StrCat("can't listen on ", address));
    serving_ = std::async(std::launch::async, [this, host] { Serve(host); });
    // A stop() that comes before the thread listens is lost, and the thread then listens for ever.
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  std::string address() const override { return absl::StrCat(host_, ":", port_); }

 private:
  // Takes connections until the server stops. The library waits where the process has no descriptor
  // left for one; where the system has no file or memory left, it closes its socket and is done.
  // Without memory of its own the process ends.
  void Serve(const std::string& host) noexcept {
    bool said = false;
    while (!server_.listen_after_bind()) {
      if (!std::exchange(said, true)) {
        telemetry::Error("the admin port was closed by an error, and is opened again");
      }
      do {
        if (stopping_) return;
        std::this_thread::sleep_for(kClosedFor);
      } while (!server_.bind_to_port(host, port_));
    }
  }

  // Where the library refuses a body it looks for no handler: nothing has matched the path by then.
  void TellOfRefusal(const httplib::Request& request, const httplib::Response& response) const {
    if (request.method != "POST" || !request.matches.empty()) return;
    for (const auto answer :
         {services::WebhookAnswer::kTooLarge, services::WebhookAnswer::kUnreadable}) {
      std::smatch found;
      if (response.status == static_cast<int>(answer) &&
          std::regex_match(request.path, found, webhook_path_)) {
        pages_.webhook_refused(found[1], answer);
      }
    }
  }

  void ServeOperators() {
    if (pages_.config) {
      server_.Get("/config", [this](const httplib::Request&, httplib::Response& response) {
        response.set_content(pages_.config(), "text/plain; charset=utf-8");
      });
    }
    if (pages_.status) {
      server_.Get("/status.json", [this](const httplib::Request&, httplib::Response& response) {
        response.set_header("Cache-Control", "no-store");
        response.set_content(pages_.status(), "application/json");
      });
      server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
        StatusPage page = MakeStatusPage();
        response.set_header("Content-Security-Policy", page.content_security_policy);
        response.set_header("X-Content-Type-Options", "nosniff");
        response.set_header("Referrer-Policy", "no-referrer");
        response.set_header("Cache-Control", "no-store");
        response.set_content(page.html, "text/html; charset=utf-8");
      });
    }
    server_.Get("/log-level", [](const httplib::Request&, httplib::Response& response) {
      ShowLogLevel(response);
    });
    const auto change = [](const httplib::Request& request, httplib::Response& response) {
      if (IsForeign(request)) {
        response.status = kForbidden;
        return;
      }
      const auto level = telemetry::LogLevelNamed(WordOf(request.body));
      if (!level.has_value()) {
        response.status = kBadRequest;
        response.set_content("needs one of debug, info, warn, error\n", "text/plain");
        return;
      }
      telemetry::SetLogLevel(*level);
      ShowLogLevel(response);
    };
    server_.Put("/log-level", change);
    server_.Post("/log-level", change);
  }

  static void ShowLogLevel(httplib::Response& response) {
    telemetry::JsonFields fields;
    fields.Text("level", telemetry::LogLevelName(telemetry::CurrentLogLevel()));
    response.set_content(fields.Object() + "\n", "application/json");
  }

  const Pages pages_;
  const std::regex webhook_path_{kWebhookPath};
  TimedServer server_;
  std::string host_;
  int port_ = -1;
  std::atomic<bool> stopping_{false};
  std::future<void> serving_;  // Ends with Serve().
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& address,
                                                                Pages pages) {
  auto server = std::make_unique<HttplibAdminServer>(std::move(pages));
  absl::Status listening = server->Listen(address);
  if (!listening.ok()) return listening;
  return server;
}

}  // namespace edugate::app
