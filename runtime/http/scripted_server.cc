#include "runtime/http/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace edugate::http {

namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

// The value of a header in a request's head; empty if there is none.
std::string HeaderOf(absl::string_view head, absl::string_view name) {
  for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const std::size_t colon = line.find(':');
    if (colon == absl::string_view::npos || !absl::EqualsIgnoreCase(line.substr(0, colon), name)) {
      continue;
    }
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return {};
}

}  // namespace

ScriptedConnection::ScriptedConnection(int fd, std::function<void(std::string)> on_request)
    : fd_(fd), on_request_(std::move(on_request)) {}

ScriptedConnection::~ScriptedConnection() { close(fd_); }

bool ScriptedConnection::ReadMore() {
  char buffer[16384];
  const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  buffer_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::optional<std::string> ScriptedConnection::ReadRequest() {
  std::size_t head_end = 0;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
  }
  head_end += 4;
  const std::string head = buffer_.substr(0, head_end);
  std::size_t end = head_end;
  if (absl::EqualsIgnoreCase(HeaderOf(head, "Transfer-Encoding"), "chunked")) {
    std::size_t last = 0;
    while ((last = buffer_.find("0\r\n\r\n", head_end)) == std::string::npos ||
           buffer_.substr(last - 2, 2) != "\r\n") {
      if (!ReadMore()) return std::nullopt;
    }
    end = last + 5;
  } else {
    std::size_t length = 0;
    if (absl::SimpleAtoi(HeaderOf(head, "Content-Length"), &length)) end += length;
    while (buffer_.size() < end) {
      if (!ReadMore()) return std::nullopt;
    }
  }
  std::string request = buffer_.substr(0, end);
  buffer_.erase(0, end);
  on_request_(request);
  return request;
}

std::string ScriptedConnection::ReadSome(std::size_t size) {
  if (buffer_.empty() && !ReadMore()) return {};
  std::string some = buffer_.substr(0, size);
  buffer_.erase(0, some.size());
  return some;
}

bool ScriptedConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool ScriptedConnection::Answer(absl::string_view body) { return Send(ScriptedServer::Ok(body)); }

ScriptedConnection::End ScriptedConnection::WaitForEnd() {
  char buffer[16384];
  while (true) {
    const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
    if (size > 0) continue;
    if (interrupted_) return End::kOurs;
    return size == 0 ? End::kClosed : End::kReset;
  }
}

void ScriptedConnection::Close() { shutdown(fd_, SHUT_WR); }

void ScriptedConnection::Reset() {
  // With a linger time of zero, ending the connection sends RST. Connecting to AF_UNSPEC ends it
  // while the descriptor stays.
  linger now{};
  now.l_onoff = 1;
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  static_cast<void>(connect(fd_, &none, sizeof(none)));
}

void ScriptedConnection::Interrupt() {
  interrupted_ = true;
  shutdown(fd_, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(Script script) : ScriptedServer(std::move(script), {}) {}

ScriptedServer::ScriptedServer(std::vector<Script> scripts)
    : ScriptedServer(nullptr, std::move(scripts)) {}

ScriptedServer::ScriptedServer(Script script, std::vector<Script> scripts)
    : script_(std::move(script)), scripts_(std::move(scripts)) {
  listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(listen_fd_ >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr* const generic = reinterpret_cast<sockaddr*>(&address);
  Check(bind(listen_fd_, generic, sizeof(address)) == 0, "bind");
  Check(listen(listen_fd_, 512) == 0, "listen");
  socklen_t size = sizeof(address);
  Check(getsockname(listen_fd_, generic, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  std::vector<std::unique_ptr<Session>> sessions;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  shutdown(listen_fd_, SHUT_RDWR);
  accepting_.join();
  close(listen_fd_);
  {
    const std::lock_guard lock(mutex_);
    sessions.swap(sessions_);
  }
  for (const std::unique_ptr<Session>& session : sessions) session->connection->Interrupt();
  for (const std::unique_ptr<Session>& session : sessions) session->thread.join();
}

void ScriptedServer::Accept() {
  while (true) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Serve(fd);
  }
}

void ScriptedServer::Serve(int fd) {
  const std::lock_guard lock(mutex_);
  const std::size_t index = static_cast<std::size_t>(accepted_++);
  const Script* script = &script_;
  if (!*script) script = index < scripts_.size() ? &scripts_[index] : nullptr;
  if (closing_ || script == nullptr) {
    close(fd);
    return;
  }
  auto session = std::make_unique<Session>();
  session->connection = std::make_unique<ScriptedConnection>(fd, [this](std::string request) {
    const std::lock_guard seen(mutex_);
    requests_.push_back(std::move(request));
  });
  ScriptedConnection* const connection = session->connection.get();
  session->thread = std::thread([script, connection] {
    (*script)(*connection);
    connection->Close();
    connection->WaitForEnd();
  });
  sessions_.push_back(std::move(session));
}

ScriptedServer::Script ScriptedServer::Always(std::string bytes) {
  return [bytes = std::move(bytes)](ScriptedConnection& connection) {
    while (connection.ReadRequest().has_value()) connection.Send(bytes);
  };
}

ScriptedServer::Script ScriptedServer::Once(std::string bytes) {
  return [bytes = std::move(bytes)](ScriptedConnection& connection) {
    if (connection.ReadRequest().has_value()) connection.Send(bytes);
  };
}

std::string ScriptedServer::Ok(absl::string_view body) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ",
                      body.size(), "\r\n\r\n", body);
}

std::string ScriptedServer::Url(absl::string_view path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace edugate::http
