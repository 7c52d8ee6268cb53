#include "runtime/store/redis_connection.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/errors/errors.h"

namespace edugate::store {
namespace {

constexpr size_t kReadBytes = 16 << 10;

// An answer that is larger than this is none of edugate's.
constexpr size_t kMaxAnswerBytes = size_t{256} << 20;

using PollEvents = decltype(pollfd::events);

absl::Status Lost(absl::string_view what) {
  return errors::StoreUnavailable(absl::StrCat("Redis: ", what));
}

absl::Status NoAnswer() { return absl::DeadlineExceededError("no answer"); }

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

  // Waits for events until `deadline`. False: it has passed.
  bool Await(PollEvents events, async::MonotonicTime deadline) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                            deadline - async::SystemClock().MonotonicNow())
                            .count();
      pollfd waiting{.fd = fd_, .events = events, .revents = 0};
      const int ready = poll(&waiting, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return true;
      if (async::SystemClock().MonotonicNow() >= deadline) return false;
    }
  }

 private:
  int fd_;
};

absl::StatusOr<Socket> ConnectTo(const sockaddr* address, socklen_t size, int family,
                                 async::MonotonicTime deadline) {
  Socket made(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.fd() < 0) return Lost("no socket");
  if (family != AF_UNIX) {
    const int on = 1;
    setsockopt(made.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(made.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  }
  if (connect(made.fd(), address, size) != 0) {
    if (errno != EINPROGRESS) return Lost("can't connect");
    if (!made.Await(POLLOUT, deadline)) return Lost("connecting took too long");
    int error = 0;
    socklen_t error_size = sizeof(error);
    getsockopt(made.fd(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) return Lost("can't connect");
  }
  return made;
}

// `deadline` gets the moment when connecting has taken `timeout`, without the time for the name: a
// resolver may try its next server only after seconds.
absl::StatusOr<Socket> OpenSocket(const std::string& address, absl::Duration timeout,
                                  async::MonotonicTime& deadline) {
  deadline = async::After(async::SystemClock().MonotonicNow(), timeout);
  if (!address.empty() && address[0] == '/') {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (address.size() >= sizeof(local.sun_path)) return Lost("the socket's path is too long");
    memcpy(local.sun_path, address.data(), address.size());
    return ConnectTo(reinterpret_cast<const sockaddr*>(&local), sizeof(local), AF_UNIX, deadline);
  }
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return Lost("the address has no port");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) {
    return Lost("its name can't be resolved");
  }
  deadline = async::After(async::SystemClock().MonotonicNow(), timeout);
  const absl::StatusOr<int> connected = ConnectToOneOf(found, deadline);
  freeaddrinfo(found);
  if (!connected.ok()) return connected.status();
  return Socket(*connected);
}

// Bytes over a socket, encrypted or not.
class Wire {
 public:
  explicit Wire(Socket socket) : socket_(std::move(socket)) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  absl::Status StartTls(const RedisOptions& options, async::MonotonicTime deadline) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (context_ == nullptr) return Lost("no TLS");
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    const int trusted = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_)
                                                : SSL_CTX_load_verify_locations(
                                                      context_, options.ca_file.c_str(), nullptr);
    if (trusted != 1) return Lost("its authorities can't be read");
    ssl_ = SSL_new(context_);
    if (ssl_ == nullptr) return Lost("no TLS");
    std::string host = options.address.substr(0, options.address.rfind(':'));
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
      SSL_set1_host(ssl_, host.c_str());
      SSL_set_tlsext_host_name(ssl_, host.c_str());
    }
    SSL_set_fd(ssl_, socket_.fd());
    for (;;) {
      ERR_clear_error();
      const int done = SSL_connect(ssl_);
      if (done == 1) return absl::OkStatus();
      if (!AwaitTls(done, deadline)) return Lost("TLS could not be agreed on");
    }
  }

  absl::Status Write(absl::string_view bytes, async::MonotonicTime deadline) {
    while (!bytes.empty()) {
      ERR_clear_error();
      const ssize_t sent =
          ssl_ != nullptr ? SSL_write(ssl_, bytes.data(),
                                      static_cast<int>(std::min<size_t>(bytes.size(), 1 << 30)))
                          : send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(sent);
        continue;
      }
      if (!MayGoOn(sent, POLLOUT, deadline)) return Lost("the connection broke");
    }
    return absl::OkStatus();
  }

  // At least one byte. 0: none came in time.
  absl::StatusOr<size_t> Read(char* to, size_t size, async::MonotonicTime deadline) {
    for (;;) {
      ERR_clear_error();
      const ssize_t got = ssl_ != nullptr ? SSL_read(ssl_, to, static_cast<int>(size))
                                          : recv(socket_.fd(), to, size, 0);
      if (got > 0) return static_cast<size_t>(got);
      if (got == 0 && ssl_ == nullptr) return Lost("the connection was closed");
      if (async::SystemClock().MonotonicNow() >= deadline && WouldWait(got)) return size_t{0};
      if (!MayGoOn(got, POLLIN, deadline)) {
        if (WouldWait(got)) return size_t{0};
        return Lost("the connection broke");
      }
    }
  }

 private:
  bool WouldWait(ssize_t result) const {
    if (ssl_ == nullptr) return errno == EAGAIN || errno == EINTR;
    const int why = SSL_get_error(ssl_, static_cast<int>(result));
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  }

  bool MayGoOn(ssize_t result, PollEvents events, async::MonotonicTime deadline) const {
    if (ssl_ != nullptr) return AwaitTls(static_cast<int>(result), deadline);
    // NOLINTNEXTLINE(clang-analyzer-unix.Errno): send() of some bytes doesn't answer with 0.
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    const bool ready = socket_.Await(events, deadline);
    errno = EAGAIN;
    return ready;
  }

  bool AwaitTls(int result, async::MonotonicTime deadline) const {
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ) return socket_.Await(POLLIN, deadline);
    if (why == SSL_ERROR_WANT_WRITE) return socket_.Await(POLLOUT, deadline);
    return false;
  }

  Socket socket_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
};

RedisValue ToValue(const redisReply& reply) {
  RedisValue value;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      value.kind = RedisValue::Kind::kInteger;
      value.integer = reply.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      value.kind = RedisValue::Kind::kText;
      value.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ARRAY:
      value.kind = RedisValue::Kind::kArray;
      value.array.reserve(reply.elements);
      for (size_t i = 0; i < reply.elements; ++i) value.array.push_back(ToValue(*reply.element[i]));
      break;
    default:
      break;
  }
  return value;
}

// The first word alone, as in NOSCRIPT or WRONGPASS: what follows may show a key.
std::string KindOfError(absl::string_view text) {
  const size_t end = text.find(' ');
  return std::string(text.substr(0, std::min<size_t>(end, 32)));
}

// The same of what a command within a script was refused with, which Redis 6 wraps: `ERR Error
// running script (call to f_...): @user_script: 3: -OOM command not allowed...`.
std::string KindOfScriptsError(absl::string_view text) {
  const size_t inner = text.find(": -");
  if (!absl::StartsWith(text, "ERR Error running script") || inner == absl::string_view::npos) {
    return KindOfError(text);
  }
  std::string kind = KindOfError(text.substr(inner + 3));
  const bool word = std::all_of(kind.begin(), kind.end(), absl::ascii_isupper);
  return word ? kind : KindOfError(text);
}

class HiredisConnection final : public RedisConnection {
 public:
  HiredisConnection(std::unique_ptr<Wire> wire, absl::Duration timeout)
      : wire_(std::move(wire)), timeout_(timeout), reader_(redisReaderCreate()) {}
  ~HiredisConnection() override { redisReaderFree(reader_); }

  absl::Status Send(const std::vector<const RedisCommand*>& commands) override {
    std::string bytes;
    std::vector<const char*> texts;
    std::vector<size_t> sizes;
    for (const RedisCommand* command : commands) {
      texts.clear();
      sizes.clear();
      for (const std::string& argument : *command) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
      }
      char* formatted = nullptr;
      const int length = redisFormatCommandArgv(&formatted, static_cast<int>(texts.size()),
                                                texts.data(), sizes.data());
      if (length < 0) return Lost("a command can't be written");
      bytes.append(formatted, length);
      free(formatted);
    }
    return wire_->Write(bytes, async::After(async::SystemClock().MonotonicNow(), timeout_));
  }

  absl::StatusOr<RedisValue> Receive(absl::Duration patience, std::string* refused) override {
    const async::MonotonicTime deadline =
        async::After(async::SystemClock().MonotonicNow(), patience);
    for (;;) {
      void* got = nullptr;
      if (redisReaderGetReply(reader_, &got) != REDIS_OK) return Lost("what it says is not Redis'");
      if (got != nullptr) {
        const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(got),
                                                                 freeReplyObject);
        if (reply->type != REDIS_REPLY_ERROR) return ToValue(*reply);
        const std::string kind = KindOfScriptsError({reply->str, reply->len});
        if (refused == nullptr) return Lost(absl::StrCat("refused (", kind, ")"));
        *refused = kind;
        return RedisValue();
      }
      char buffer[kReadBytes];
      auto read = wire_->Read(buffer, sizeof(buffer), deadline);
      if (!read.ok()) return read.status();
      if (*read == 0) return NoAnswer();
      if (redisReaderFeed(reader_, buffer, *read) != REDIS_OK || reader_->len > kMaxAnswerBytes) {
        return Lost("its answer is too large");
      }
    }
  }

 private:
  const std::unique_ptr<Wire> wire_;
  const absl::Duration timeout_;
  redisReader* const reader_;
};

}  // namespace

absl::StatusOr<int> ConnectToOneOf(const addrinfo* addresses, async::MonotonicTime deadline) {
  int left = 0;
  for (const addrinfo* each = addresses; each != nullptr; each = each->ai_next) ++left;
  absl::StatusOr<Socket> connected = Lost("can't connect");
  for (const addrinfo* each = addresses; each != nullptr && !connected.ok(); each = each->ai_next) {
    const async::MonotonicTime now = async::SystemClock().MonotonicNow();
    const async::MonotonicTime part = now + (deadline - now) / left--;
    connected = ConnectTo(each->ai_addr, each->ai_addrlen, each->ai_family, part);
  }
  if (!connected.ok()) return connected.status();
  return connected->Release();
}

absl::StatusOr<RedisValue> RedisConnection::Ask(const RedisCommand& command,
                                                absl::Duration patience) {
  absl::Status sent = Send({&command});
  if (!sent.ok()) return sent;
  auto answer = Receive(patience, nullptr);
  if (absl::IsDeadlineExceeded(answer.status())) return Lost("it doesn't answer");
  return answer;
}

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisConnection::Connect(
    const RedisOptions& options) {
  async::MonotonicTime deadline;
  auto socket = OpenSocket(options.address, options.timeout, deadline);
  if (!socket.ok()) return socket.status();
  auto wire = std::make_unique<Wire>(*std::move(socket));
  if (options.tls) {
    absl::Status secure = wire->StartTls(options, deadline);
    if (!secure.ok()) return secure;
  }
  std::unique_ptr<RedisConnection> made =
      std::make_unique<HiredisConnection>(std::move(wire), options.timeout);
  const std::string password = options.password ? options.password() : "";
  if (!password.empty()) {
    RedisCommand prove = {"AUTH"};
    if (!options.username.empty()) prove.push_back(options.username);
    prove.push_back(password);
    auto known = made->Ask(prove, options.timeout);
    if (!known.ok()) return known.status();
  }
  auto selected = made->Ask({"SELECT", absl::StrCat(options.database)}, options.timeout);
  if (!selected.ok()) return selected.status();
  return made;
}

}  // namespace edugate::store
