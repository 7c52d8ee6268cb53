#include "runtime/http/curl_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "runtime/http/curl_endpoint.h"
#include "runtime/http/curl_engine.h"
#include "runtime/http/curl_handle_pool.h"

namespace edugate::http {

namespace {

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

// Continues a paused transfer outside of the callback that asks for it.
class CurlTransfer::Unpause final : public async::Timer {
 public:
  explicit Unpause(CurlTransfer& transfer) : Timer(transfer.loop()), transfer_(transfer) {}

 private:
  void OnTimer() override { transfer_.Continue(); }
  CurlTransfer& transfer_;
};

// What libcurl calls.
struct CurlTransfer::Callbacks {
  static std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* transfer) {
    CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
    const bool read_on = !self.settled_ && self.reader_.OnHeaderLine(absl::string_view(data, size));
    return read_on ? size : 0;
  }

  static std::size_t OnBody(char* data, std::size_t, std::size_t size, void* transfer) {
    return static_cast<CurlTransfer*>(transfer)->TakeBody(absl::string_view(data, size));
  }

  static std::size_t OnRead(char* buffer, std::size_t size, std::size_t count, void* transfer) {
    return static_cast<CurlTransfer*>(transfer)->GiveBody(buffer, size * count);
  }

  static curl_socket_t OnOpen(void* transfer, curlsocktype, curl_sockaddr* address) {
    return static_cast<CurlTransfer*>(transfer)->OpenSocket(*address);
  }

  // libcurl is about to write the request; it also comes here when it found a kept connection dead
  // and wants to write it once more.
  static int OnRequest(void* transfer, char* address, char*, int, int) {
    CurlTransfer& self = *static_cast<CurlTransfer*>(transfer);
    if (!self.MayWrite() || !self.MayReach(address)) return CURL_PREREQFUNC_ABORT;
    self.progress_.connected = true;
    return CURL_PREREQFUNC_OK;
  }

  static int OnWords(CURL*, curl_infotype type, char* data, std::size_t size, void* transfer) {
    // The other types are what is sent and received.
    if (type == CURLINFO_TEXT) {
      static_cast<CurlTransfer*>(transfer)->refusal_.OnText(absl::string_view(data, size));
    }
    return 0;
  }
};

void CurlTransfer::SetCallbacks(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Callbacks::OnHeader);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Callbacks::OnBody);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Callbacks::OnRead);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::OnOpen);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Callbacks::OnRequest);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &Callbacks::OnWords);
}

CurlTransfer& CurlTransfer::Of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<CurlTransfer*>(self);
}

CurlTransfer::CurlTransfer(CurlEngine& engine, const CurlEndpoint& endpoint,
                           async::CallContext& call, const Request& request)
    : Timer(engine.loop()),
      CancelCallback(call),
      engine_(engine),
      endpoint_(endpoint),
      call_(call),
      request_(request),
      reader_(request, endpoint.limits()),
      lines_(request, engine.options().user_agent) {}

CurlTransfer::~CurlTransfer() { Detach(); }

Exchange CurlTransfer::TakeExchange() {
  Exchange exchange{.failure = failure_,
                    .detail = std::string(detail_),
                    .request_sent = request_sent_,
                    .response_started = reader_.started(),
                    .response = std::move(reader_.response()),
                    .reused_connection = reused_connection_};
  if (!exchange.ok()) std::string().swap(exchange.response.body);
  return exchange;
}

void CurlTransfer::Begin() {
  easy_ = engine_.handles().Acquire(endpoint_);
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

void CurlTransfer::SetOptions() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_DEBUGDATA, this);
  if (endpoint_.options().http2) SetOwnConnection(easy_, !MayBeSentTwice());
  curl_easy_setopt(easy_, CURLOPT_CURLU, url_.get());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, lines_.list());
  // Has libcurl inflate the reply; the line is among the others.
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING,
                   TakesGzip(request_) ? static_cast<const char*>(kGzip) : nullptr);
  SetMethodAndBody(easy_, request_);
  SetStallLimit(true);
}

bool CurlTransfer::RequestSent() const {
  return progress_.connected && LongInfo(easy_, CURLINFO_REQUEST_SIZE) > 0 && !RefusedUnread();
}

bool CurlTransfer::MayWrite() {
  // Cancelled in the turn in which it began, or while its name was resolved. A refused one is
  // sent again by those who count the attempts.
  if (settled_ || RefusedUnread()) return false;
  replay_refused_ = RequestSent() && !MayBeSentTwice();
  return !replay_refused_;
}

bool CurlTransfer::MayReach(absl::string_view address) {
  if (progress_.sockets_opened || endpoint_.AllowsAddress(address, request_.url)) return true;
  progress_.address_refused = true;
  return false;
}

bool CurlTransfer::SpeaksTls() const { return absl::StartsWithIgnoreCase(request_.url, "https:"); }

void CurlTransfer::SetStallLimit(bool on) {
  const int64_t seconds = absl::ToInt64Seconds(endpoint_.options().stall_time);
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, on ? static_cast<CurlLong>(seconds) : 0L);
}

std::size_t CurlTransfer::TakeBody(absl::string_view piece) {
  if (settled_) return piece.empty() ? 1 : 0;
  // libcurl counts a received buffer when it has passed it on.
  const int64_t received = OffsetInfo(easy_, CURLINFO_SIZE_DOWNLOAD_T) + kReceiveBuffer;
  Flow flow = Flow::kContinue;
  if (!reader_.OnBody(piece, received, &flow)) return piece.empty() ? 1 : 0;
  if (flow == Flow::kContinue) return piece.size();
  paused_ = true;
  return CURL_WRITEFUNC_PAUSE;
}

std::size_t CurlTransfer::GiveBody(char* buffer, std::size_t capacity) {
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

curl_socket_t CurlTransfer::OpenSocket(const curl_sockaddr& address) {
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
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.get());
  }
  return socket;
}

void CurlTransfer::ResumeTransfer() {
  if (settled_) return;
  if (unpause_ == nullptr) unpause_ = std::make_unique<Unpause>(*this);
  unpause_->StartSoon();
}

void CurlTransfer::Continue() {
  if (settled_ || !paused_) return;
  paused_ = false;
  if (request_.source != nullptr) SetStallLimit(true);
  curl_easy_pause(easy_, CURLPAUSE_CONT);
  // What libcurl has kept back is passed on within that call. Where the reader refuses it,
  // libcurl says so there and goes on waiting.
  if (reader_.failure() != Failure::kNone) return Settle(reader_.failure(), reader_.detail());
  engine_.Kick();
}

void CurlTransfer::OnDone(int code) {
  if (settled_) return;
  if (reader_.failure() != Failure::kNone) {
    Settle(reader_.failure(), reader_.detail());
  } else if (code == CURLE_OK && !reader_.headers_complete()) {
    Settle(Failure::kTruncated, "the answer ended within its headers");
  } else if (code != CURLE_OK && RefusedUnread()) {
    Settle(Failure::kReset, "the server refused the HTTP/2 stream and did not look at the request");
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
    Settle(FailureOf(code, progress_), curl_easy_strerror(static_cast<CURLcode>(code)));
  }
}

void CurlTransfer::Settle(Failure failure, absl::string_view detail) {
  if (settled_) return;
  settled_ = true;
  failure_ = failure;
  detail_ = detail;
  StartSoon();
}

void CurlTransfer::OnCancel() { Settle(Failure::kCancelled, "the call was cancelled"); }

void CurlTransfer::OnTimer() {
  if (!settled_) {
    settled_ = true;
    failure_ = Failure::kDeadline;
    detail_ = "the call's deadline passed";
  }
  Detach();
  // Destroys this.
  waiting_.resume();
}

void CurlTransfer::Detach() {
  if (easy_ == nullptr) return;
  unpause_.reset();
  if (request_.sink != nullptr) request_.sink->Attach(nullptr);
  if (request_.source != nullptr) request_.source->Attach(nullptr);
  request_sent_ = RequestSent();
  reused_connection_ = request_sent_ && LongInfo(easy_, CURLINFO_NUM_CONNECTS) == 0;
  if (added_) engine_.Remove(easy_);
  // The handle stays, and this doesn't.
  if (endpoint_.options().http2) curl_easy_setopt(easy_, CURLOPT_VERBOSE, 0L);
  CURLU* const none = nullptr;
  curl_easy_setopt(easy_, CURLOPT_CURLU, none);
  char* const no_text = nullptr;
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, no_text);
  engine_.handles().Release(std::exchange(easy_, nullptr), endpoint_);
}

}  // namespace edugate::http
