// An HTTP server for tests that says exactly the bytes that it is told to, on a loopback port.
#ifndef EDUGATE_RUNTIME_HTTP_SCRIPTED_SERVER_H_
#define EDUGATE_RUNTIME_HTTP_SCRIPTED_SERVER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::http {

// One accepted connection, in the hands of a script that runs on a thread of its own.
class ScriptedConnection {
 public:
  // How the peer ended the connection.
  enum class End {
    kClosed,  // FIN.
    kReset,   // RST.
    kOurs,    // The server is being destroyed.
  };

  explicit ScriptedConnection(int fd, std::function<void(std::string)> on_request);
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;
  ~ScriptedConnection();

  // The next request, headers and body as sent (chunks and all); none when the peer has closed.
  // Blocks.
  std::optional<std::string> ReadRequest();

  // Up to `size` raw bytes; empty when the peer has closed. Blocks.
  std::string ReadSome(std::size_t size);

  // False if the peer is gone. Blocks while the peer does not read.
  bool Send(absl::string_view bytes);

  // A 200 answer with a Content-Length.
  bool Answer(absl::string_view body);

  // Blocks until the peer ends the connection, discarding what it sends.
  End WaitForEnd();

  // The socket, for a script that speaks TLS over it.
  int fd() const { return fd_; }

  // Sends FIN.
  void Close();

  // Sends RST.
  void Reset();

 private:
  friend class ScriptedServer;
  void Interrupt();
  bool ReadMore();

  int fd_;
  std::atomic<bool> interrupted_{false};
  std::function<void(std::string)> on_request_;
  std::string buffer_;
};

// Listens on 127.0.0.1 and runs a script for each connection. The destructor interrupts the scripts
// that still run and waits for them.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedConnection&)>;

  // Every connection gets `script`. At its end the connection is closed.
  explicit ScriptedServer(Script script);

  // The n-th connection gets the n-th script; further ones are closed at once.
  explicit ScriptedServer(std::vector<Script> scripts);

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  // A script: answers every request on the connection with these bytes, and closes when the peer
  // does.
  static Script Always(std::string bytes);

  // A script: reads one request, says these bytes and closes.
  static Script Once(std::string bytes);

  // "HTTP/1.1 200 OK" with a Content-Length and this body.
  static std::string Ok(absl::string_view body);

  int port() const { return port_; }

  // "http://127.0.0.1:PORT" and `path`.
  std::string Url(absl::string_view path) const;

  // Connections accepted so far.
  int connections() const;

  // Requests read so far by ReadRequest, in order of arrival.
  std::vector<std::string> requests() const;

 private:
  struct Session {
    std::unique_ptr<ScriptedConnection> connection;
    std::thread thread;
  };

  ScriptedServer(Script script, std::vector<Script> scripts);

  void Accept();
  void Serve(int fd);

  const Script script_;
  const std::vector<Script> scripts_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::thread accepting_;
  // Not absl::Mutex, which the thread sanitizer does not see through where abseil is built without
  // it.
  mutable std::mutex mutex_;  // Guards what follows.
  bool closing_ = false;
  int accepted_ = 0;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::string> requests_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_SCRIPTED_SERVER_H_
