#include "runtime/http/curl_http_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <coroutine>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "runtime/async/call_context.h"
#include "runtime/http/curl_endpoint.h"
#include "runtime/http/curl_failure.h"
#include "runtime/http/curl_header_lines.h"
#include "runtime/http/curl_request.h"
#include "runtime/http/curl_types.h"
#include "runtime/http/http2_refusal.h"
#include "runtime/http/request_check.h"
#include "runtime/http/response_reader.h"

namespace edugate::http {

namespace {

// A page of 50 records (24 KB) comes with one recv; libcurl's default of 16 KB takes two. A smaller
// one for requests of single records was tried: 10,000 of them in flight took no less memory, since
// what nothing was received into is not resident.
constexpr CurlLong kReceiveBuffer = 32 << 10;

// Handles kept for reuse; more than this many at once are rare.
constexpr std::size_t kPooledHandles = 64;

CURLcode InitLibcurl() {
  // OpenSSL writes to a connection that the server has closed; under CURLOPT_NOSIGNAL libcurl
  // leaves the signal to the program.
  struct sigaction action;
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    signal(SIGPIPE, SIG_IGN);
  }
  return curl_global_init(CURL_GLOBAL_ALL);
}

void InitLibcurlOnce() {
  static const CURLcode done = InitLibcurl();
  static_cast<void>(done);
}

template <typename T>
void Set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

CurlLong LongInfo(CURL* easy, CURLINFO info) {
  CurlLong value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

int64_t OffsetInfo(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

}  // namespace

// A socket of libcurl and what epoll knows of it.
struct CurlHttpClient::Socket final : public async::Watcher {
  Socket(Engine& engine, int fd, bool ours) : engine(engine), fd(fd), ours(ours) {}
  void OnEvents(uint32_t events) override;

  Engine& engine;
  const int fd;
  const bool ours;          // Opened by OpenSocket, so that CloseSocket will tell of its end.
  uint32_t wanted = 0;      // What libcurl waits for.
  uint32_t registered = 0;  // What epoll was told; zero: not registered.
};

// One loop's libcurl: the multi handle with its connections, and what libcurl asks of a loop. Loop
// thread only, but for its construction and destruction.
//
// libcurl says REMOVE for a socket after each transfer and asks for it again at the next, though
// the connection is kept. A socket therefore stays registered, level-triggered, until libcurl
// closes it: no epoll_ctl for a transfer on a kept connection. What epoll tells of a socket that
// libcurl doesn't wait for (a kept connection that the server closes; data for a paused transfer)
// would come again in every turn, so at the first such event the registration is narrowed to what
// is wanted, or ended if nothing is (EPOLLHUP and EPOLLERR can't be masked); libcurl's next request
// for the socket restores it. Edge triggering would not do: libcurl does not read until EAGAIN, and
// what it leaves makes no edge.
class CurlHttpClient::Engine {
 public:
  Engine(async::EventLoop& loop, const CurlOptions& options)
      : loop_(loop), options_(options), timeout_(*this), collect_(*this) {
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Engine::OnPoll);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Engine::OnTimeout);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<CurlLong>(options.max_connections_per_host));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                      static_cast<CurlLong>(options.max_kept_connections));
    // For the endpoints that offer HTTP/2.
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    share_ = curl_share_init();
    // Without it each handle has TLS sessions of its own.
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  ~Engine() {
    for (const Handle& handle : pooled_) curl_easy_cleanup(handle.easy);
    curl_multi_cleanup(multi_);
    curl_share_cleanup(share_);
    for (const std::unique_ptr<Socket>& socket : sockets_) {
      if (socket != nullptr && socket->registered != 0) loop_.Unwatch(socket->fd);
    }
  }

  async::EventLoop& loop() const { return loop_; }
  const CurlOptions& options() const { return options_; }

  // A handle with all that is the same for every request of the endpoint, or null without memory.
  CURL* Acquire(const CurlEndpoint& endpoint) {
    // One that was this endpoint's before needs nothing.
    for (std::size_t i = pooled_.size(); i-- > 0;) {
      if (pooled_[i].endpoint != endpoint.id()) continue;
      CURL* const easy = pooled_[i].easy;
      pooled_.erase(pooled_.begin() + static_cast<std::ptrdiff_t>(i));
      return easy;
    }
    CURL* easy = nullptr;
    if (pooled_.size() < kPooledHandles) {
      easy = NewHandle();
    } else {
      easy = pooled_.front().easy;
      pooled_.erase(pooled_.begin());
    }
    if (easy != nullptr) SetEndpoint(easy, endpoint);
    return easy;
  }

  void Release(CURL* easy, const CurlEndpoint& endpoint) {
    if (pooled_.size() < kPooledHandles) {
      pooled_.push_back({easy, endpoint.id()});
    } else {
      curl_easy_cleanup(easy);
    }
  }

  bool Add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

  // Not inside a callback of libcurl. A transfer that hasn't ended takes its connection with it.
  void Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

  // Has libcurl look at its transfers at the end of this turn.
  void Kick() {
    timeouts_due_ = true;
    collect_.StartSoon();
  }

  void OnSocketEvents(Socket& socket, uint32_t events) {
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

  // A new socket for a connection that libcurl makes; CURL_SOCKET_BAD with errno without one.
  curl_socket_t Open(const curl_sockaddr& address) {
    const int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    SlotOf(fd) = std::make_unique<Socket>(*this, fd, true);
    return fd;
  }

  static int OnClose(void* engine, curl_socket_t fd) {
    Engine& self = *static_cast<Engine*>(engine);
    std::unique_ptr<Socket>& slot = self.SlotOf(fd);
    if (slot != nullptr) self.Register(*slot, 0);
    slot.reset();
    return close(fd);
  }

 private:
  // libcurl's own time-out.
  class Timeout final : public async::Timer {
   public:
    explicit Timeout(Engine& engine) : Timer(engine.loop_), engine_(engine) {}

   private:
    void OnTimer() override { engine_.Kick(); }
    Engine& engine_;
  };

  // Ends the turn for libcurl: new transfers and time-outs in one go, then the transfers that are
  // done.
  class Collect final : public async::Timer {
   public:
    explicit Collect(Engine& engine) : Timer(engine.loop_), engine_(engine) {}

   private:
    void OnTimer() override { engine_.CollectFinished(); }
    Engine& engine_;
  };

  static int OnPoll(CURL*, curl_socket_t fd, int what, void* engine, void*) {
    Engine& self = *static_cast<Engine*>(engine);
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

  static int OnTimeout(CURLM*, CurlLong milliseconds, void* engine) {
    Engine& self = *static_cast<Engine*>(engine);
    if (milliseconds < 0) {
      self.timeout_.Cancel();
    } else if (milliseconds == 0) {
      self.Kick();
    } else {
      self.timeout_.Start(self.loop_.Now() + std::chrono::milliseconds(milliseconds));
    }
    return 0;
  }

  void CollectFinished();

  std::unique_ptr<Socket>& SlotOf(int fd) {
    const std::size_t index = static_cast<std::size_t>(fd);
    if (sockets_.size() <= index) sockets_.resize(index + 1);
    return sockets_[index];
  }

  void Register(Socket& socket, uint32_t events) {
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

  // A handle for reuse, and whose options it has.
  struct Handle {
    CURL* easy;
    uint64_t endpoint;
  };

  CURL* NewHandle();
  static void SetEndpoint(CURL* easy, const CurlEndpoint& endpoint);

  async::EventLoop& loop_;
  const CurlOptions& options_;
  CURLM* multi_ = nullptr;
  CURLSH* share_ = nullptr;
  std::vector<Handle> pooled_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // By file descriptor.
  bool timeouts_due_ = false;
  Timeout timeout_;
  Collect collect_;
};

void CurlHttpClient::Socket::OnEvents(uint32_t events) { engine.OnSocketEvents(*this, events); }

// One exchange, in the frame of the Send() that awaits it. Its timer is the call's deadline, and
// what resumes the task: the handle is taken from libcurl there and nowhere else, since libcurl's
// callbacks must not.
class CurlHttpClient::Transfer final : private async::Timer,
                                       private async::CancelCallback,
                                       private Resumable {
 public:
  Transfer(Engine& engine, const CurlEndpoint& endpoint, async::CallContext& call,
           const Request& request)
      : Timer(engine.loop()),
        CancelCallback(call),
        engine_(engine),
        endpoint_(endpoint),
        call_(call),
        request_(request),
        reader_(request, endpoint.limits()),
        lines_(request, engine.options().user_agent) {}

  ~Transfer() override { Detach(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    Timer::Start(call_.deadline());
    Begin();
  }
  void await_resume() const noexcept {}

  Exchange TakeExchange() {
    Exchange exchange{.failure = failure_,
                      .detail = std::string(detail_),
                      .request_sent = request_sent_,
                      .response_started = reader_.started(),
                      .response = std::move(reader_.response()),
                      .reused_connection = reused_connection_};
    if (!exchange.ok()) std::string().swap(exchange.response.body);
    return exchange;
  }

  // libcurl has ended the transfer.
  void OnDone(CURLcode code) {
    if (settled_) return;
    if (reader_.failure() != Failure::kNone) {
      Settle(reader_.failure(), reader_.detail());
    } else if (code == CURLE_OK && !reader_.headers_complete()) {
      Settle(Failure::kTruncated, "the answer ended within its headers");
    } else if (code != CURLE_OK && RefusedUnread()) {
      Settle(Failure::kReset,
             "the server refused the HTTP/2 stream and did not look at the request");
    } else if (source_failed_) {
      Settle(Failure::kCancelled, "the sender of the body gave up");
    } else if (replay_refused_) {
      Settle(Failure::kReset, "the kept connection was dead; the request is not sent twice");
    } else if ((code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK) &&
               progress_.address_refused) {
      Settle(Failure::kConnect, "the host's address is not allowed");
    } else if (code == CURLE_OK) {
      Settle(Failure::kNone, "");
    } else {
      progress_.request_sent = RequestSent();
      progress_.response_started = reader_.started();
      progress_.system_error = LongInfo(easy_, CURLINFO_OS_ERRNO) != 0 || SpeaksTls();
      progress_.broke_off = error_ != nullptr && BrokeOff(error_.get());
      Settle(FailureOf(code, progress_), curl_easy_strerror(code));
    }
  }

  static Transfer& Of(CURL* easy) {
    char* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *reinterpret_cast<Transfer*>(self);
  }

  static std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* transfer) {
    Transfer& self = *static_cast<Transfer*>(transfer);
    const bool read_on = !self.settled_ && self.reader_.OnHeaderLine(absl::string_view(data, size));
    return read_on ? size : 0;
  }

  static std::size_t OnBody(char* data, std::size_t, std::size_t size, void* transfer) {
    return static_cast<Transfer*>(transfer)->TakeBody(absl::string_view(data, size));
  }

  static std::size_t OnRead(char* buffer, std::size_t size, std::size_t count, void* transfer) {
    return static_cast<Transfer*>(transfer)->GiveBody(buffer, size * count);
  }

  static curl_socket_t OnOpen(void* transfer, curlsocktype, curl_sockaddr* address) {
    return static_cast<Transfer*>(transfer)->OpenSocket(*address);
  }

  // libcurl is about to write the request; it also comes here when it found a kept connection dead
  // and wants to write it once more.
  static int OnRequest(void* transfer, char* address, char*, int, int) {
    Transfer& self = *static_cast<Transfer*>(transfer);
    if (!self.MayWrite() || !self.MayReach(address)) return CURL_PREREQFUNC_ABORT;
    self.progress_.connected = true;
    return CURL_PREREQFUNC_OK;
  }

  static int OnWords(CURL*, curl_infotype type, char* data, std::size_t size, void* transfer) {
    // The other types are what is sent and received.
    if (type == CURLINFO_TEXT) {
      static_cast<Transfer*>(transfer)->refusal_.OnText(absl::string_view(data, size));
    }
    return 0;
  }

 private:
  // Continues a paused transfer outside of the callback that asks for it.
  class Unpause final : public async::Timer {
   public:
    explicit Unpause(Transfer& transfer) : Timer(transfer.loop()), transfer_(transfer) {}

   private:
    void OnTimer() override { transfer_.Continue(); }
    Transfer& transfer_;
  };

  void Begin() {
    easy_ = engine_.Acquire(endpoint_);
    if (easy_ == nullptr) return Settle(Failure::kLocal, "libcurl gave no handle");
    int code = CURLUE_OK;
    url_ = ParsedUrl(request_.url, &code);
    if (url_ == nullptr) {
      const bool refused = code != CURLUE_OUT_OF_MEMORY;
      return Settle(refused ? Failure::kRequestRefused : Failure::kLocal,
                    curl_url_strerror(static_cast<CURLUcode>(code)));
    }
    SetOptions();
    if (request_.sink != nullptr) request_.sink->Attach(this);
    if (request_.source != nullptr) request_.source->Attach(this);
    added_ = engine_.Add(easy_);
    if (!added_) Settle(Failure::kLocal, "libcurl refused the handle");
  }

  void SetOptions() {
    Set(easy_, CURLOPT_PRIVATE, this);
    Set(easy_, CURLOPT_HEADERDATA, this);
    Set(easy_, CURLOPT_WRITEDATA, this);
    Set(easy_, CURLOPT_READDATA, this);
    Set(easy_, CURLOPT_OPENSOCKETDATA, this);
    Set(easy_, CURLOPT_PREREQDATA, this);
    Set(easy_, CURLOPT_DEBUGDATA, this);
    if (endpoint_.options().http2) SetOwnConnection(easy_, !MayBeSentTwice());
    Set(easy_, CURLOPT_CURLU, url_.get());
    Set(easy_, CURLOPT_HTTPHEADER, lines_.list());
    // Has libcurl inflate the reply; the line is among the others.
    Set(easy_, CURLOPT_ACCEPT_ENCODING,
        TakesGzip(request_) ? static_cast<const char*>(kGzip) : nullptr);
    SetMethodAndBody(easy_, request_);
    SetStallLimit(true);
  }

  // Until a connection is there, the handle's figures are those of the request before.
  bool RequestSent() const {
    return progress_.connected && LongInfo(easy_, CURLINFO_REQUEST_SIZE) > 0 && !RefusedUnread();
  }

  // Whether the server has said that it did nothing with the request.
  bool RefusedUnread() const { return refusal_.refused() && !reader_.started(); }

  // What a source has given can't be had again.
  bool MayBeSentTwice() const { return request_.replayable && request_.source == nullptr; }

  // Whether the request may be written, or written again.
  bool MayWrite() {
    // Cancelled in the turn in which it began, or while its name was resolved. A refused one is
    // sent again by those who count the attempts.
    if (settled_ || RefusedUnread()) return false;
    replay_refused_ = RequestSent() && !MayBeSentTwice();
    return !replay_refused_;
  }

  // A kept connection may have been made for an endpoint with other rules.
  bool MayReach(absl::string_view address) {
    if (progress_.sockets_opened || endpoint_.AllowsAddress(address, request_.url)) return true;
    progress_.address_refused = true;
    return false;
  }

  // A source that has nothing to send is not a server that doesn't read.
  void SetStallLimit(bool on) {
    const int64_t seconds = absl::ToInt64Seconds(endpoint_.options().stall_time);
    Set(easy_, CURLOPT_LOW_SPEED_TIME, on ? static_cast<CurlLong>(seconds) : 0L);
  }

  std::size_t TakeBody(absl::string_view piece) {
    if (settled_) return piece.empty() ? 1 : 0;
    // libcurl counts a received buffer when it has passed it on.
    const int64_t received = OffsetInfo(easy_, CURLINFO_SIZE_DOWNLOAD_T) + kReceiveBuffer;
    Flow flow = Flow::kContinue;
    if (!reader_.OnBody(piece, received, &flow)) return piece.empty() ? 1 : 0;
    if (flow == Flow::kContinue) return piece.size();
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }

  std::size_t GiveBody(char* buffer, std::size_t capacity) {
    if (settled_) return CURL_READFUNC_ABORT;
    // A transfer without a source sends its body from memory; libcurl may still ask.
    if (request_.source == nullptr) return 0;
    const BodySource::Piece piece = request_.source->Read(buffer, capacity);
    switch (piece.kind) {
      case BodySource::Piece::Kind::kBytes:
        return std::min(piece.size, capacity);
      case BodySource::Piece::Kind::kEnd:
        return 0;
      case BodySource::Piece::Kind::kPause:
        paused_ = true;
        SetStallLimit(false);
        return CURL_READFUNC_PAUSE;
      case BodySource::Piece::Kind::kAbort:
        break;
    }
    source_failed_ = true;
    return CURL_READFUNC_ABORT;
  }

  curl_socket_t OpenSocket(const curl_sockaddr& address) {
    // A connection for the request to be written again.
    if (!MayWrite()) return CURL_SOCKET_BAD;
    progress_.sockets_opened = true;
    if (!endpoint_.AllowsAddress(address.addr, request_.url)) {
      progress_.address_refused = true;
      return CURL_SOCKET_BAD;
    }
    const curl_socket_t socket = engine_.Open(address);
    if (socket == CURL_SOCKET_BAD) progress_.no_socket = true;
    if (error_ == nullptr && SpeaksTls()) {
      error_ = std::make_unique<char[]>(CURL_ERROR_SIZE);
      Set(easy_, CURLOPT_ERRORBUFFER, error_.get());
    }
    return socket;
  }

  bool SpeaksTls() const { return absl::StartsWithIgnoreCase(request_.url, "https:"); }

  void ResumeTransfer() override {
    if (settled_) return;
    if (unpause_ == nullptr) unpause_ = std::make_unique<Unpause>(*this);
    unpause_->StartSoon();
  }

  void Continue() {
    if (settled_ || !paused_) return;
    paused_ = false;
    if (request_.source != nullptr) SetStallLimit(true);
    curl_easy_pause(easy_, CURLPAUSE_CONT);
    // What libcurl has kept back is passed on within that call. Where the reader refuses it,
    // libcurl says so there and goes on waiting.
    if (reader_.failure() != Failure::kNone) return Settle(reader_.failure(), reader_.detail());
    engine_.Kick();
  }

  // `detail` is a literal or another text that stays.
  void Settle(Failure failure, absl::string_view detail) {
    if (settled_) return;
    settled_ = true;
    failure_ = failure;
    detail_ = detail;
    StartSoon();
  }

  void OnCancel() override { Settle(Failure::kCancelled, "the call was cancelled"); }

  void OnTimer() override {
    if (!settled_) {
      settled_ = true;
      failure_ = Failure::kDeadline;
      detail_ = "the call's deadline passed";
    }
    Detach();
    // Destroys this.
    waiting_.resume();
  }

  void Detach() {
    if (easy_ == nullptr) return;
    unpause_.reset();
    if (request_.sink != nullptr) request_.sink->Attach(nullptr);
    if (request_.source != nullptr) request_.source->Attach(nullptr);
    request_sent_ = RequestSent();
    reused_connection_ = request_sent_ && LongInfo(easy_, CURLINFO_NUM_CONNECTS) == 0;
    if (added_) engine_.Remove(easy_);
    // The handle stays, and this doesn't.
    if (endpoint_.options().http2) Set(easy_, CURLOPT_VERBOSE, 0L);
    CURLU* const none = nullptr;
    Set(easy_, CURLOPT_CURLU, none);
    char* const no_text = nullptr;
    Set(easy_, CURLOPT_ERRORBUFFER, no_text);
    engine_.Release(std::exchange(easy_, nullptr), endpoint_);
  }

  Engine& engine_;
  const CurlEndpoint& endpoint_;
  async::CallContext& call_;
  const Request& request_;
  ResponseReader reader_;
  CurlHeaderLines lines_;
  CurlUrl url_;
  std::unique_ptr<Unpause> unpause_;  // Once it was paused: few ever are.
  std::unique_ptr<char[]> error_;     // libcurl's words, where it makes a connection with TLS.
  CURL* easy_ = nullptr;
  bool added_ = false;
  bool settled_ = false;
  bool paused_ = false;
  bool source_failed_ = false;
  bool replay_refused_ = false;
  bool request_sent_ = false;
  bool reused_connection_ = false;
  CurlProgress progress_{};
  Http2Refusal refusal_;
  Failure failure_ = Failure::kNone;
  absl::string_view detail_;
  std::coroutine_handle<> waiting_;
};

void CurlHttpClient::Engine::CollectFinished() {
  if (std::exchange(timeouts_due_, false)) {
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) {
      Transfer::Of(message->easy_handle).OnDone(message->data.result);
    }
  }
}

// The options that are the same for all requests. CURLOPT_TIMEOUT_MS is not among them: the
// transfer's own timer ends it at the call's deadline, to the microsecond and by the loop's clock,
// and libcurl is spared a timer for each transfer.
CURL* CurlHttpClient::Engine::NewHandle() {
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) return nullptr;
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  // RefusalOf() lets plain http pass to this machine only.
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  Set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  Set(easy, CURLOPT_MAXREDIRS, 0L);
  Set(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
  Set(easy, CURLOPT_NETRC, static_cast<CurlLong>(CURL_NETRC_IGNORED));
  // Also spares libcurl a look into the environment for each request.
  Set(easy, CURLOPT_NOPROXY, "*");
  // Each request's is a parsed one, but libcurl makes a text of the first of a handle that has
  // none.
  Set(easy, CURLOPT_URL, "https://invalid/");
  Set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  // Otherwise the end of a transfer whose name is still being resolved waits for the resolver's
  // thread, and the loop with it.
  Set(easy, CURLOPT_QUICK_EXIT, 1L);
  Set(easy, CURLOPT_MAXAGE_CONN, 55L);
  Set(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
  Set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  Set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  Set(easy, CURLOPT_SHARE, share_);
  Set(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  Set(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(easy, CURLOPT_READFUNCTION, &Transfer::OnRead);
  Set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpen);
  Set(easy, CURLOPT_CLOSESOCKETFUNCTION, &Engine::OnClose);
  Set(easy, CURLOPT_CLOSESOCKETDATA, this);
  Set(easy, CURLOPT_PREREQFUNCTION, &Transfer::OnRequest);
  Set(easy, CURLOPT_DEBUGFUNCTION, &Transfer::OnWords);
  return easy;
}

// The options that differ between endpoints, on a handle that may have been another one's.
void CurlHttpClient::Engine::SetEndpoint(CURL* easy, const CurlEndpoint& endpoint) {
  const EndpointOptions& options = endpoint.options();
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<CurlLong>(absl::ToInt64Milliseconds(options.connect_timeout)));
  Set(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<CurlLong>(options.stall_bytes_per_second));
  // The system's authorities are libcurl's own default, which a null doesn't bring back; and they
  // are not trusted beside those of a file.
  // Each connection reads them again, so that a file that was exchanged counts at once.
  const curl_version_info_data& built = *curl_version_info(CURLVERSION_NOW);
  const bool system = options.ca_file.empty();
  Set(easy, CURLOPT_CAINFO, system ? built.cainfo : options.ca_file.c_str());
  const char* const none = nullptr;
  Set(easy, CURLOPT_CAPATH, system ? built.capath : none);
  Set(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  Set(easy, CURLOPT_HTTP_VERSION,
      static_cast<CurlLong>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PIPEWAIT, options.http2 ? 1L : 0L);
  // Where there is HTTP/2, each request says it anew.
  SetOwnConnection(easy, false);
}

// Sends what one connection's rules allow.
class CurlHttpClient::EndpointClient final : public HttpClient {
 public:
  EndpointClient(CurlHttpClient& client, const EndpointOptions& options)
      : client_(client), endpoint_(options, client.budget_) {}

  async::Task<Exchange> Send(async::CallContext& call, const Request& request) override {
    return client_.SendFrom(endpoint_, call, request);
  }

 private:
  CurlHttpClient& client_;
  const CurlEndpoint endpoint_;
};

std::unique_ptr<HttpClient> CurlHttpClient::MakeEndpoint(const EndpointOptions& options) {
  return std::make_unique<EndpointClient>(*this, options);
}

CurlHttpClient::CurlHttpClient(async::LoopPool& pool, CurlOptions options)
    : options_(std::move(options)),
      budget_(options_.max_arriving_bytes),
      anywhere_(std::make_unique<CurlEndpoint>(options_, budget_)) {
  InitLibcurlOnce();
  for (std::size_t i = 0; i < pool.size(); ++i) {
    engines_.push_back(std::make_unique<Engine>(pool.loop(i), options_));
  }
}

CurlHttpClient::CurlHttpClient(async::EventLoop& loop, CurlOptions options)
    : options_(std::move(options)),
      budget_(options_.max_arriving_bytes),
      anywhere_(std::make_unique<CurlEndpoint>(options_, budget_)) {
  InitLibcurlOnce();
  engines_.push_back(std::make_unique<Engine>(loop, options_));
}

CurlHttpClient::~CurlHttpClient() = default;

CurlHttpClient::Engine* CurlHttpClient::EngineOf(const async::EventLoop& loop) const {
  for (const std::unique_ptr<Engine>& engine : engines_) {
    if (&engine->loop() == &loop) return engine.get();
  }
  return nullptr;
}

async::Task<Exchange> CurlHttpClient::Send(async::CallContext& call, const Request& request) {
  return SendFrom(*anywhere_, call, request);
}

Exchange CurlHttpClient::Refused(const Engine* engine, const CurlEndpoint& endpoint,
                                 const async::CallContext& call, const Request& request) {
  Exchange refused;
  absl::string_view refusal = RefusalOf(request, endpoint.AllowsPlainHttp(request.url));
  if (refusal.empty() && !endpoint.Holds(request.url)) {
    refusal = "the URL's host is not one of the connection's";
  }
  const absl::Status stopped = call.Status();
  if (engine == nullptr) {
    refused.failure = Failure::kLocal;
    refused.detail = "the call's loop is not one of this client's";
  } else if (!refusal.empty()) {
    refused.failure = Failure::kRequestRefused;
    refused.detail = std::string(refusal);
  } else if (!stopped.ok()) {
    refused.failure = call.cancelled() ? Failure::kCancelled : Failure::kDeadline;
    refused.detail = std::string(stopped.message());
  }
  return refused;
}

async::Task<Exchange> CurlHttpClient::SendFrom(const CurlEndpoint& endpoint,
                                               async::CallContext& call, const Request& request) {
  Engine* const engine = EngineOf(call.loop());
  {
    Exchange refused = Refused(engine, endpoint, call, request);
    if (!refused.ok()) co_return refused;
  }
  Transfer transfer(*engine, endpoint, call, request);
  co_await transfer;
  Exchange exchange = transfer.TakeExchange();
  co_return exchange;
}

}  // namespace edugate::http
