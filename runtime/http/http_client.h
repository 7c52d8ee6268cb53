// HttpClient: the one way in which edugate speaks HTTP to a provider. Every concern above it
// (retry, limits, authorization) is a decorator.
#ifndef EDUGATE_RUNTIME_HTTP_HTTP_CLIENT_H_
#define EDUGATE_RUNTIME_HTTP_HTTP_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::http {

// One header field. Names compare without case.
struct Header {
  std::string name;
  std::string value;
};

struct Response;

// What a body's receiver or sender asks for.
enum class Flow {
  kContinue,  // Done with this piece; the next, please.
  kPause,     // Not now: the same again after Resume().
  kAbort,     // Never: end the transfer.
};

// Continues a transfer that a sink or a source has paused. The client's side of Attach().
class Resumable {
 public:
  virtual void ResumeTransfer() = 0;

 protected:
  ~Resumable() = default;
};

// Receives a response body piece by piece, instead of Response::body. It gets the body of a 2xx
// answer only; another answer's body goes to Response::body. All calls come on the call's loop.
class BodySink {
 public:
  virtual ~BodySink() = default;

  // The answer's status and headers, once, before the first piece. Not called for an answer that
  // isn't 2xx.
  virtual void Begin(const Response& head);

  // A piece of at most some ten KB, valid during the call. kPause: it was not taken; the same bytes
  // come again after Resume(). kAbort: the exchange ends with Failure::kCancelled.
  virtual Flow Write(absl::string_view chunk) = 0;

  // The client attaches itself for the time of the transfer, and null at its end.
  void Attach(Resumable* transfer) { transfer_ = transfer; }

 protected:
  // Continues after kPause. Does nothing without a transfer. Write() comes later, never inside
  // Resume().
  void Resume();

 private:
  Resumable* transfer_ = nullptr;
};

// Gives a request body piece by piece. All calls come on the call's loop.
class BodySource {
 public:
  // What Read() gives.
  struct Piece {
    enum class Kind {
      kBytes,  // `size` bytes (at least one) were written to the buffer.
      kPause,  // Nothing yet: Read() comes again after Resume().
      kEnd,    // The body is complete.
      kAbort,  // The body can't be completed: the exchange ends with Failure::kCancelled.
    };
    Kind kind;
    std::size_t size = 0;
  };

  virtual ~BodySource() = default;

  // Writes up to `capacity` bytes (at least one) to `buffer`.
  virtual Piece Read(char* buffer, std::size_t capacity) = 0;

  // The body's bytes in all, if known before; the body is sent chunked otherwise.
  virtual std::optional<int64_t> length() const { return std::nullopt; }

  // The client attaches itself for the time of the transfer, and null at its end.
  void Attach(Resumable* transfer) { transfer_ = transfer; }

 protected:
  // Continues after kPause. Does nothing without a transfer. Read() comes later, never inside
  // Resume().
  void Resume();

 private:
  Resumable* transfer_ = nullptr;
};

// A request, complete. It outlives Send().
struct Request {
  std::string method;           // Upper case: GET, POST...
  std::string url;              // Absolute, percent-encoded, without user information.
  std::vector<Header> headers;  // Values of visible ASCII, blanks and tabs. Not Host,
                                // Content-Length, Transfer-Encoding, Connection, Expect.
  std::string body;             // Sent if has_body.
  bool has_body = false;        // An empty body is one too: Content-Length: 0.

  // Whether the request may be sent once more, on a fresh connection, when a kept one turns out to
  // be dead after it was written and before any answer. Only for requests without an effect, or
  // whose second effect is none. Without it that is Failure::kReset with request_sent.
  bool replayable = false;

  BodySource* source = nullptr;  // Sent instead of `body`. Outlives Send().
  BodySink* sink = nullptr;  // See BodySink. Outlives Send(). No compression is offered with it.
  int64_t max_response_bytes = int64_t{8}
                               << 20;  // Decoded body (8 MiB beside a sink); more is kTooLarge.

  // Sets the header, in place of the first one of that name (without case) if there is one; takes
  // away the others of it.
  void SetHeader(absl::string_view name, std::string value);
};

// A complete answer, of any status. Redirects are answers like others.
struct Response {
  int status = 0;
  std::vector<Header> headers;  // As received and in that order, trailers excluded.
  std::string body;             // Content-Encoding undone. Empty if a sink took it.

  // The body had neither a length nor chunks: it ended where the connection did, so that a cut
  // can't be told from the end.
  bool unframed = false;

  // The first value of a header, by name without case; empty if there is none.
  absl::string_view header(absl::string_view name) const;

  // The same, telling an empty value from none.
  std::optional<absl::string_view> find_header(absl::string_view name) const;
};

// Why there is no complete answer.
enum class Failure {
  kNone,            // There is one.
  kRequestRefused,  // Not a request that this client sends: a bad URL, scheme or header. Nothing
                    // was sent.
  kResolve,         // The host's name gave no address. Nothing was sent.
  kConnect,      // No connection, or not in time, or it ended within the TLS handshake, or only to
                 // an address that is not allowed. Nothing was sent.
  kTls,          // No trusted TLS session.
  kTimeout,      // The connection stalled: too few bytes for too long.
  kReset,        // The connection ended or broke before or within the answer.
  kTruncated,    // The answer ended before its announced end.
  kTooLarge,     // Headers or body beyond the limit, or a compressed body that grows beyond the
                 // allowed ratio.
  kBadEncoding,  // A Content-Encoding that was not offered, or that can't be undone.
  kProtocol,     // Not HTTP, or HTTP that contradicts itself (two Content-Lengths).
  kDeadline,     // The call's deadline passed.
  kCancelled,    // The call was cancelled, or the sink or the source gave up.
  kNoRoom,       // The answers that arrive at the same time take all the memory that they may.
  kLocal,        // This side failed: no memory, no file descriptor.
};

// A word for logs and metrics: "reset", "too_large"...
absl::string_view FailureName(Failure failure);

// What became of a request.
struct Exchange {
  Failure failure = Failure::kNone;

  // What happened, in words of edugate and libcurl; never a URL, a header value or a piece of a
  // body. Empty for kNone.
  std::string detail;

  // A byte of the request may have reached the server: without an answer, the outcome of a write is
  // unknown. False: it did not, or the server has said that it did nothing with it.
  bool request_sent = false;

  // A byte of an answer arrived.
  bool response_started = false;

  // Complete if failure is kNone. Otherwise what came of it: status and headers, if they came; the
  // body is empty.
  Response response;

  // The request went over a kept connection.
  bool reused_connection = false;

  bool ok() const { return failure == Failure::kNone; }
};

// Sends requests. Thread-safe; each exchange stays on its call's loop.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends `request` and yields what became of it, at the call's deadline or cancellation at the
  // latest: these close the connection, and the task goes on in the same turn of the loop. `call`
  // and `request` outlive the task.
  virtual async::Task<Exchange> Send(async::CallContext& call, const Request& request) = 0;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_HTTP_CLIENT_H_
