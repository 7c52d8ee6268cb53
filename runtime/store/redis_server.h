// For tests: a Redis server of their own, from the packaged program.
#ifndef EDUGATE_RUNTIME_STORE_REDIS_SERVER_H_
#define EDUGATE_RUNTIME_STORE_REDIS_SERVER_H_

#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/store/redis_connection.h"

namespace edugate::store {

// Serves on a Unix socket in a folder and on a loopback port, and keeps its data in the folder:
// every write is on the disk before it is answered.
class RedisServer {
 public:
  // `folder` outlives the server. `more`: further arguments, as in {"--requirepass", "x"}.
  explicit RedisServer(std::string folder, std::vector<std::string> more = {})
      : folder_(std::move(folder)), more_(std::move(more)), port_(FreePort()) {
    Start();
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { Kill(); }

  // The socket's path.
  std::string address() const { return folder_ + "/redis.sock"; }

  // The same server on a loopback port: HOST:PORT.
  std::string tcp_address() const { return "127.0.0.1:" + std::to_string(port_); }

  int port() const { return port_; }

  // With a timeout that a server that is there keeps on a busy machine, too: one that is killed is
  // noticed at once.
  RedisOptions options() const { return {.address = address(), .timeout = absl::Seconds(30)}; }

  // It ends with the thread that starts it, also where that is killed.
  void Start() {
    std::vector<std::string> arguments = {"setpriv",       "--pdeathsig",
                                          "KILL",          "redis-server",
                                          "--bind",        "127.0.0.1",
                                          "--port",        std::to_string(port_),
                                          "--unixsocket",  address(),
                                          "--dir",         folder_,
                                          "--save",        "",
                                          "--appendonly",  "yes",
                                          "--appendfsync", "always",
                                          "--logfile",     folder_ + "/redis.log",
                                          "--daemonize",   "no"};
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    std::vector<char*> argv;
    for (std::string& each : arguments) argv.push_back(each.data());
    argv.push_back(nullptr);
    if (posix_spawnp(&pid_, argv[0], nullptr, nullptr, argv.data(), environ) != 0) abort();
    for (int i = 0; i < 1000 && !Answers(); ++i) absl::SleepFor(absl::Milliseconds(10));
    if (!Answers()) abort();
  }

  // kill -9.
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
    unlink(address().c_str());
  }

  // Stops it where it is, and lets it go on.
  void Pause() const { kill(pid_, SIGSTOP); }
  void Resume() const { kill(pid_, SIGCONT); }

  // Asks it something beside the code under test.
  RedisValue Ask(const RedisCommand& command) const {
    auto connection = RedisConnection::Connect(options());
    if (!connection.ok()) abort();
    auto answer = (*connection)->Ask(command, absl::Seconds(10));
    if (!answer.ok()) abort();
    return *std::move(answer);
  }

 private:
  bool Answers() const {
    auto connection = RedisConnection::Connect(options());
    return connection.ok() && (*connection)->Ask({"DBSIZE"}, absl::Seconds(1)).ok();
  }

  // A port that was free just now.
  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in free{};
    free.sin_family = AF_INET;
    free.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(free);
    if (bind(fd, reinterpret_cast<sockaddr*>(&free), size) != 0) abort();
    getsockname(fd, reinterpret_cast<sockaddr*>(&free), &size);
    close(fd);
    return ntohs(free.sin_port);
  }

  const std::string folder_;
  const std::vector<std::string> more_;
  const int port_;
  pid_t pid_ = 0;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_REDIS_SERVER_H_
