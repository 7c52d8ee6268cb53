// CurlTransfer: one exchange by libcurl.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_TRANSFER_H_
#define EDUGATE_RUNTIME_HTTP_CURL_TRANSFER_H_

#include <coroutine>
#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event_loop.h"
#include "runtime/http/curl_failure.h"
#include "runtime/http/curl_header_lines.h"
#include "runtime/http/curl_request.h"
#include "runtime/http/curl_types.h"
#include "runtime/http/http2_refusal.h"
#include "runtime/http/http_client.h"
#include "runtime/http/response_reader.h"

namespace edugate::http {

class CurlEndpoint;
class CurlEngine;

// In the frame of the Send() that awaits it. Its timer is the call's deadline, and what resumes the
// task: the handle is taken from libcurl there and nowhere else, since libcurl's callbacks must
// not.
class CurlTransfer final : private async::Timer, private async::CancelCallback, private Resumable {
 public:
  // All of them outlive the transfer; `engine` is that of the call's loop.
  CurlTransfer(CurlEngine& engine, const CurlEndpoint& endpoint, async::CallContext& call,
               const Request& request);
  ~CurlTransfer() override;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    Timer::Start(call_.deadline());
    Begin();
  }
  void await_resume() const noexcept {}

  // Once it was awaited.
  Exchange TakeExchange();

  // Has libcurl call the transfer that a handle is used by. Once for each handle.
  static void SetCallbacks(CURL* easy);

  // The transfer that the handle is used by.
  static CurlTransfer& Of(CURL* easy);

  // libcurl has ended the transfer; `code` is a CURLcode.
  void OnDone(int code);

 private:
  class Unpause;
  struct Callbacks;

  void Begin();
  void SetOptions();

  // Until a connection is there, the handle's figures are those of the request before.
  bool RequestSent() const;

  // Whether the server has said that it did nothing with the request.
  bool RefusedUnread() const { return refusal_.refused() && !reader_.started(); }

  // What a source has given can't be had again.
  bool MayBeSentTwice() const { return request_.replayable && request_.source == nullptr; }

  // Whether the request may be written, or written again.
  bool MayWrite();

  // A kept connection may have been made for an endpoint with other rules.
  bool MayReach(absl::string_view address);

  bool SpeaksTls() const;

  // A source that has nothing to send is not a server that doesn't read.
  void SetStallLimit(bool on);

  std::size_t TakeBody(absl::string_view piece);
  std::size_t GiveBody(char* buffer, std::size_t capacity);
  curl_socket_t OpenSocket(const curl_sockaddr& address);

  void ResumeTransfer() override;
  void Continue();

  // `detail` is a literal or another text that stays.
  void Settle(Failure failure, absl::string_view detail);

  void OnCancel() override;
  void OnTimer() override;
  void Detach();

  CurlEngine& engine_;
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

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_TRANSFER_H_
