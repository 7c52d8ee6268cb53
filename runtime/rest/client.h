// Runs the operations of a declared provider API for one connection. This is the one readable place
// where the stages of a provider call come together, outside in: identical reads in flight share
// one call, a kept reply answers, a failure is tried again, a provider that fails is left alone, so
// many attempts at a time, so many a second, and the exchange: authorize, send, judge, decode.
#ifndef RUNTIME_REST_CLIENT_H_
#define RUNTIME_REST_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/auth/authorizer.h"
#include "runtime/codec/decoder.h"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"
#include "runtime/resilience/client_observer.h"
#include "runtime/resilience/safeguards.h"
#include "runtime/rest/classifier.h"
#include "runtime/rest/operation.h"
#include "runtime/rest/reply.h"
#include "runtime/rest/request_builder.h"

namespace edugate::rest {

// What a client is made of. Pointers outlive the client.
struct ClientParts {
  std::string connection;  // the connection's id
  std::string provider;    // the provider's id in the configuration
  Endpoint endpoint;
  http::HttpClient* http = nullptr;
  auth::Authorizer* authorizer = nullptr;
  const ErrorClassifier* classifier = nullptr;
  codec::DriftSink* drift = nullptr;  // may be null
  // The largest decoded reply in bytes and its deepest nesting, for operations that declare no size
  // of their own.
  int64_t max_response_bytes = int64_t{8} << 20;
  int max_response_depth = 64;
  // Shared by the clients of one connection. Null: the client has its own, with the defaults.
  std::shared_ptr<resilience::Safeguards> safeguards;
  resilience::Random random = resilience::DefaultRandom();
  resilience::ClientObserver* observer = nullptr;  // may be null
};

// What streaming calls bring besides their messages.
struct CallOptions {
  // The request's body, instead of what the request message holds.
  http::BodySource* source = nullptr;
  std::string source_content_type;
  // Where the bytes of a successful reply go; the response message then stays empty.
  http::BodySink* sink = nullptr;
  // How many bytes the reply may have. 0: as the operation says.
  int64_t max_response_bytes = 0;
  // The Accept header. Empty: as the operation says.
  std::string accept;
  // The provider itself is to be asked now, whatever is kept or in flight: for looking whether it
  // is there, or whether something has changed.
  bool ask_now = false;
};

// What the HTTP answer said beside its body.
struct ReplyInfo {
  int http_status = 0;
  std::string content_type;
  // The answer had no body.
  bool empty = false;
  // The provider's clock when it answered, to the second (the Date header); nothing where it says
  // none.
  std::optional<absl::Time> date;
};

class Client {
 public:
  explicit Client(ClientParts parts);

  // Calls the operation and decodes its reply. The request must outlive the task.
  template <typename Response>
  async::Task<Reply<Response>> Call(async::CallContext& call, const Operation& operation,
                                    const google::protobuf::Message& request) {
    Reply<Response> reply;
    absl::Status status = co_await CallInto(call, operation, request, *reply);
    if (!status.ok()) co_return status;
    co_return reply;
  }

  // The same, into a message of the operation's response type. With `info`, the provider itself is
  // asked, as with CallOptions::ask_now, and what its HTTP answer said is told.
  async::Task<absl::Status> CallInto(async::CallContext& call, const Operation& operation,
                                     const google::protobuf::Message& request,
                                     google::protobuf::Message& response, ReplyInfo* info = nullptr,
                                     CallOptions options = {});

  // Where a failure of the operation happened, for errors that an adapter makes itself.
  errors::Origin OriginOf(const Operation& operation) const;

  const std::string& connection() const { return parts_.connection; }

 private:
  // A request whose body is overwritten at its end: it may hold a person's login.
  struct Outgoing : http::Request {
    explicit Outgoing(http::Request request) : http::Request(std::move(request)) {}
    Outgoing(Outgoing&&) = default;
    Outgoing& operator=(Outgoing&&) = delete;
    ~Outgoing();
  };

  // One call of an operation on its way through the stages.
  struct Run {
    async::CallContext& call;
    const Operation& operation;
    const resilience::MethodPolicy& policy;
    const resilience::OperationRef where;
    Outgoing request;
    google::protobuf::Message& response;
    ReplyInfo* info = nullptr;
    // Its reply is to be kept: its ETag goes here, and `may_keep` is wanted.
    std::string* etag = nullptr;
    // A body that is given or taken piece by piece: it can't be started again.
    bool streams = false;
    // Its reply may come from memory, or from another call.
    bool may_share = false;
    bool may_keep = false;
    // The request asks whether a kept reply still holds. Then it does, and `response` is empty.
    bool revalidates = false;
    bool not_modified = false;
    // The failure is this call's own: another one, with more time, might have got further.
    bool cut_short = false;
  };

  // What became of one attempt.
  struct Outcome {
    absl::Status status;
    std::optional<absl::Duration> retry_after;
    int64_t reply_bytes = 0;
    http::Failure failure = http::Failure::kNone;
    int http_status = 0;
    bool may_repeat = false;
    // edugate itself did not let it through: the provider has not heard of it.
    bool refused = false;
  };

  // The call as soon as its request is built, or why it can't be.
  async::Task<absl::Status> Perform(Run run);
  static async::Task<absl::Status> NotBuilt(absl::Status status);

  // The stages, outside in.
  async::Task<absl::Status> Coalesced(Run& run);
  async::Task<absl::Status> Cached(Run& run);
  async::Task<absl::Status> Retried(Run& run);
  async::Task<Outcome> Guarded(Run& run, int attempt);
  async::Task<Outcome> Timed(Run& run, int attempt);
  async::Task<Outcome> Exchange(Run& run, async::CallContext& call, int attempt);

  // What the stages do where it is called for.
  async::Task<absl::Status> LeadOrFollow(Run& run);
  async::Task<absl::Status> AskCache(Run& run);
  async::Task<absl::Status> ForgetAround(Run& run);
  async::Task<std::optional<Outcome>> WaitForTurn(
      Run& run, std::optional<resilience::ConcurrencyLimit::Slot>& slot);
  async::Task<std::optional<Outcome>> WaitForToken(Run& run, resilience::RateLimit& limit);
  async::Task<Outcome> WithTimeout(Run& run, int attempt);

  std::optional<Outcome> LeftAlone(Run& run,
                                   const resilience::CircuitBreaker::Permit& permit) const;
  Outcome Refused(Run& run, resilience::Refusal why, absl::Duration retry_after) const;
  Outcome Ended(Run& run) const;
  absl::Status EndedStatus(Run& run) const;
  Outcome NotAuthorized(Run& run, const absl::Status& status) const;
  // What an exchange that is the attempt's last brought. It is used up.
  Outcome Concluded(Run& run, http::Exchange& exchange) const;
  Outcome Judge(Run& run, const http::Exchange& exchange) const;
  Outcome Failed(const Operation& operation, errors::ProviderFailure failure) const;
  Outcome Read(Run& run, http::Exchange& exchange) const;

  ClientParts parts_;
};

}  // namespace edugate::rest

#endif  // RUNTIME_REST_CLIENT_H_
