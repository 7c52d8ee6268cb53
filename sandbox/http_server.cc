#include "sandbox/http_server.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <set>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "httplib.h"

namespace edugate::sandbox {
namespace {

// Also one with an encoded line break, which '.' leaves out.
constexpr char kAnyPath[] = R"([\s\S]*)";

// A client that stalls in the middle of a request or does not read its answer is given up after
// this.
constexpr absl::Duration kStallTimeout = absl::Seconds(30);

bool PollFor(int socket, decltype(pollfd::events) events, absl::Duration timeout) {
  pollfd entry = {socket, events, 0};
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    const int ready = poll(&entry, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// A connection whose answer is held back until it is complete, so that it leaves in one segment or
// breaks off where it should.
class Connection : public httplib::Stream {
 public:
  explicit Connection(int socket) : socket_(socket) {}

  // Whether a request begins within that time.
  bool WaitForRequest(absl::Duration timeout) {
    return taken_ < given_ || PollFor(socket_, POLLIN, timeout);
  }

  // Sends what was written, as the reply asks. False when the connection is to be closed.
  bool Finish(Drop drop, absl::Duration trickle, const HttpServer::Sleep& sleep) {
    const size_t body =
        std::min(answer_.find("\r\n\r\n"), answer_.size() - std::min<size_t>(answer_.size(), 4)) +
        4;
    switch (drop) {
      case Drop::kNone:
        break;
      case Drop::kBeforeResponse:
        return false;
      case Drop::kReset: {
        const linger at_once = {1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        reset_ = true;
        return false;
      }
      case Drop::kMidBody:
        if (answer_.size() > body) answer_.resize(body + (answer_.size() - body) / 2);
        Flush();
        return false;
    }
    if (trickle <= absl::ZeroDuration() || answer_.size() <= body) return Flush();
    const std::string whole = std::exchange(answer_, std::string());
    if (!Send(whole.data(), body)) return false;
    for (size_t i = body; i < whole.size(); ++i) {
      sleep(trickle);
      if (!Send(whole.data() + i, 1)) return false;
    }
    return true;
  }

  // Whether closing is to send a reset, which an orderly shutdown before it would prevent.
  bool reset() const { return reset_; }

  bool is_readable() const override {
    return taken_ < given_ || PollFor(socket_, POLLIN, kStallTimeout);
  }
  bool is_writable() const override { return true; }

  ssize_t read(char* data, size_t size) override {
    if (taken_ == given_) {
      // "100 Continue" has to arrive before the body that it calls for.
      if (!Flush() || !PollFor(socket_, POLLIN, kStallTimeout)) return -1;
      const ssize_t count = recv(socket_, input_, sizeof(input_), 0);
      if (count <= 0) return count;
      taken_ = 0;
      given_ = static_cast<size_t>(count);
    }
    const size_t count = std::min(size, given_ - taken_);
    std::copy_n(input_ + taken_, count, data);
    taken_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* data, size_t size) override {
    answer_.append(data, size);
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  bool Flush() {
    const bool sent = Send(answer_.data(), answer_.size());
    answer_.clear();
    return sent;
  }

  bool Send(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t count = send(socket_, data, size, MSG_NOSIGNAL);
      if (count > 0) {
        data += count;
        size -= static_cast<size_t>(count);
      } else if (errno == EAGAIN || errno == EINTR) {
        if (!PollFor(socket_, POLLOUT, kStallTimeout)) return false;
      } else {
        return false;
      }
    }
    return true;
  }

  const int socket_;
  char input_[16 * 1024];
  size_t taken_ = 0;
  size_t given_ = 0;
  std::string answer_;
  bool reset_ = false;
};

// Threads that serve one connection each, started when no free one is left, up to a bound.
class ConnectionThreads : public httplib::TaskQueue {
 public:
  // Keeps the number of connections that no thread is free for in `waiting`.
  ConnectionThreads(int max_threads, std::atomic<int>* waiting)
      : max_threads_(max_threads), waiting_(waiting) {}

  void enqueue(std::function<void()> task) override {
    absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
    if (Lacking() > 0 && static_cast<int>(threads_.size()) < max_threads_) {
      ++free_;
      threads_.emplace_back([this] { Run(); });
    }
    *waiting_ = Lacking();
  }

  void shutdown() override {
    std::vector<std::thread> threads;
    {
      absl::MutexLock lock(&mutex_);
      ending_ = true;
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void Run() {
    absl::MutexLock lock(&mutex_);
    while (true) {
      mutex_.Await(absl::Condition(this, &ConnectionThreads::HasWorkOrEnds));
      if (tasks_.empty()) return;
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      --free_;
      mutex_.Unlock();
      task();
      mutex_.Lock();
      ++free_;
      *waiting_ = Lacking();
    }
  }

  bool HasWorkOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ending_ || !tasks_.empty();
  }
  int Lacking() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::max(0, static_cast<int>(tasks_.size()) - free_);
  }

  const int max_threads_;
  std::atomic<int>* const waiting_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  // Threads without a task, those just started among them.
  int free_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
};

// What the handler of a request has to tell the connection below it: httplib has no path between
// the two.
struct Exchange {
  httplib::Request* request = nullptr;
  // httplib leaves the body of a GET in the stream.
  bool unread_body = false;
  Drop drop = Drop::kNone;
  absl::Duration trickle = absl::ZeroDuration();
};
thread_local Exchange* current_exchange = nullptr;

}  // namespace

class HttpServer::Listener : public httplib::Server {
 public:
  Listener(const sandbox::Options& options, HttpServer::Handler handler, Sleep sleep)
      : idle_timeout_(options.idle_timeout),
        handler_(std::move(handler)),
        sleep_(std::move(sleep)) {
    // httplib would also share the port with a second server of the same address.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    set_tcp_nodelay(true);
    // Both are only announced: WaitForRequest keeps the time, and nothing limits the number.
    set_keep_alive_timeout(absl::ToInt64Seconds(idle_timeout_));
    set_keep_alive_max_count(1'000'000);
    new_task_queue = [this, max_connections = options.max_connections] {
      return new ConnectionThreads(std::max(max_connections, 1), &waiting_);
    };
    auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      Serve(request, response);
    };
    Get(kAnyPath, serve);
    Post(kAnyPath, serve);
    Put(kAnyPath, serve);
    Patch(kAnyPath, serve);
    Delete(kAnyPath, serve);
    Options(kAnyPath, serve);
  }

  // The port, or -1.
  int Bind(const std::string& host, int port) {
    const int bound = port == 0 ? bind_to_any_port(host) : bind_to_port(host, port) ? port : -1;
    // httplib's backlog of 5 makes a burst of new connections wait for a second each.
    if (bound > 0) ::listen(svr_sock_, SOMAXCONN);
    return bound;
  }

  void Run() {
    accepting_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();
  }

  void End() {
    if (!accepting_.joinable()) return;
    stop();
    {
      absl::MutexLock lock(&mutex_);
      ending_ = true;
      for (int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    accepting_.join();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    if (Open(socket)) {
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Connection connection(socket);
      while (connection.WaitForRequest(idle_timeout_)) {
        if (!Answer(connection)) break;
      }
      Forget(socket);
      if (!connection.reset()) ::shutdown(socket, SHUT_RDWR);
    }
    ::close(socket);
    return true;
  }

  // Reads one request and answers it. False when the connection is to be closed.
  bool Answer(Connection& connection) {
    Exchange exchange;
    current_exchange = &exchange;
    bool closes = false;
    const bool close_after = waiting_ > 0;
    const bool answered =
        process_request(connection, close_after, closes,
                        [&exchange](httplib::Request& request) { exchange.request = &request; });
    current_exchange = nullptr;
    const bool sent = connection.Finish(exchange.drop, exchange.trickle, sleep_);
    // Without a request the bytes were no HTTP: where the next one starts is anybody's guess.
    return answered && sent && !closes && !close_after && exchange.request != nullptr &&
           !exchange.unread_body;
  }

  void Serve(const httplib::Request& from, httplib::Response& to) {
    Request request;
    request.method = from.method;
    request.target = from.target;
    request.body = from.body;
    for (const auto& [name, value] : from.headers) {
      request.headers.emplace(absl::AsciiStrToLower(name), value);
    }
    for (const auto& [name, part] : from.files) {
      request.parts.push_back({name, part.filename, part.content_type, part.content});
    }
    const size_t query = from.target.find('?');
    if (query != std::string::npos) {
      request.arguments = ParseArguments(absl::string_view(from.target).substr(query + 1));
    }
    if (absl::StartsWith(request.Header("content-type"), "application/x-www-form-urlencoded")) {
      for (auto& argument : ParseArguments(request.body))
        request.arguments.push_back(std::move(argument));
    }

    Reply reply = handler_(request);

    to.status = reply.status;
    to.body = std::move(reply.body);
    if (!reply.content_type.empty()) to.set_header("Content-Type", reply.content_type);
    for (const auto& [name, value] : reply.headers) {
      to.set_header(name, value);
      if (absl::EqualsIgnoreCase(name, "Content-Encoding")) {
        // The body is encoded already; httplib would encode it once more.
        current_exchange->request->headers.erase("Accept-Encoding");
      }
    }
    current_exchange->unread_body =
        from.method == "GET" && WholeNumber(request.Header("content-length")).value_or(0) > 0;
    current_exchange->drop = reply.drop;
    current_exchange->trickle = reply.trickle;
  }

  bool Open(int socket) {
    absl::MutexLock lock(&mutex_);
    if (ending_) return false;
    open_.insert(socket);
    return true;
  }

  void Forget(int socket) {
    absl::MutexLock lock(&mutex_);
    open_.erase(socket);
  }

  const absl::Duration idle_timeout_;
  const HttpServer::Handler handler_;
  const Sleep sleep_;
  std::thread accepting_;
  // Connections that no thread is free for.
  std::atomic<int> waiting_ = 0;
  absl::Mutex mutex_;
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                              Handler handler, Sleep sleep) {
  auto listener = std::make_unique<Listener>(options, std::move(handler), std::move(sleep));
  const int port = listener->Bind(options.host, options.port);
  if (port <= 0) {
    return absl::UnavailableError(
        absl::StrCat("The sandbox cannot listen on ", options.host, ":", options.port, "."));
  }
  listener->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener), port));
}

HttpServer::HttpServer(std::unique_ptr<Listener> listener, int port)
    : listener_(std::move(listener)), port_(port) {}

HttpServer::~HttpServer() { Stop(); }

int HttpServer::port() const { return port_; }

void HttpServer::Stop() { listener_->End(); }

}  // namespace edugate::sandbox
