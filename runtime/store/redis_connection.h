// A connection to a Redis server.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_CONNECTION_H_
#define EDUGATE_RUNTIME_STORE_REDIS_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"

struct addrinfo;

namespace edugate::store {

// Where a server is, and how edugate speaks to it.
struct RedisOptions {
  // HOST:PORT, or the path of a Unix socket.
  std::string address;

  // Of the server's access control list; empty: its default user.
  std::string username;

  // Asked with each new connection; null or an empty answer: there is no password.
  std::function<std::string()> password;

  int database = 0;

  // What every key begins with, and every channel.
  std::string key_prefix = "edugate:";

  // How long connecting and the answer to a command may take.
  absl::Duration timeout = absl::Seconds(1);

  // TLS 1.2 or newer, with the server's name checked.
  bool tls = false;

  // The authorities that sign the server's certificate, PEM. Empty: those of the system.
  std::string ca_file;
};

// An answer of the server.
struct RedisValue {
  enum class Kind { kNil, kInteger, kText, kArray };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;
  std::vector<RedisValue> array;
};

// The descriptor, which is the caller's and doesn't block, of a connection to the first of these
// addresses that takes one. Each of them has an equal part of the time that is left for it and
// those behind it: one that doesn't answer leaves some to the others. UNAVAILABLE,
// STORE_UNAVAILABLE where none does.
absl::StatusOr<int> ConnectToOneOf(const addrinfo* addresses, async::MonotonicTime deadline);

// A command and its arguments, as bytes.
using RedisCommand = std::vector<std::string>;

// One thread's. Errors: UNAVAILABLE, STORE_UNAVAILABLE, after which the connection is of no use;
// the message shows neither a key nor a value.
class RedisConnection {
 public:
  // Connects, proves who edugate is and selects the database. Blocks for at most about the timeout,
  // and for as long as the name takes to resolve.
  static absl::StatusOr<std::unique_ptr<RedisConnection>> Connect(const RedisOptions& options);

  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  virtual ~RedisConnection() = default;

  // Sends commands, whose answers come in their order.
  virtual absl::Status Send(const std::vector<const RedisCommand*>& commands) = 0;

  // The next answer. DEADLINE_EXCEEDED where none comes within `patience`; the connection is then
  // as good as before. Where the server answers with an error, its first word goes to `*refused`,
  // as in OOM or READONLY, and the connection is still good; with null, it is an error of this
  // function.
  virtual absl::StatusOr<RedisValue> Receive(absl::Duration patience, std::string* refused) = 0;

  // Sends one command and waits for its answer.
  absl::StatusOr<RedisValue> Ask(const RedisCommand& command, absl::Duration patience);

 protected:
  RedisConnection() = default;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_CONNECTION_H_
