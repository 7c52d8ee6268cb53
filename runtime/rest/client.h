// Runs the operations of a declared provider API for one connection. This is the one readable place
// where the stages of a provider call come together: build, authorize, send, judge, decode, and try
// again where that is right.
#ifndef RUNTIME_REST_CLIENT_H_
#define RUNTIME_REST_CLIENT_H_

#include <functional>
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
#include "runtime/resilience/retry.h"
#include "runtime/rest/classifier.h"
#include "runtime/rest/operation.h"
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
  resilience::RetryOptions retry;
  resilience::Random random = resilience::DefaultRandom();
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
  async::Task<absl::StatusOr<Response>> Call(async::CallContext& call, const Operation& operation,
                                             const google::protobuf::Message& request) {
    Response response;
    absl::Status status = co_await CallInto(call, operation, request, response);
    if (!status.ok()) co_return status;
    co_return std::move(response);
  }

  // The same, into a message of the operation's response type, with what the HTTP answer said where
  // `info` is given.
  async::Task<absl::Status> CallInto(async::CallContext& call, const Operation& operation,
                                     const google::protobuf::Message& request,
                                     google::protobuf::Message& response, ReplyInfo* info = nullptr,
                                     CallOptions options = {});

  // Where a failure of the operation happened, for errors that an adapter makes itself.
  errors::Origin OriginOf(const Operation& operation) const;

  const std::string& connection() const { return parts_.connection; }

 private:
  struct Outcome {
    absl::Status status;
    bool may_repeat = false;
    bool timed_out = false;
    std::optional<absl::Duration> retry_after;
  };

  async::Task<Outcome> Attempt(async::CallContext& call, const Operation& operation,
                               http::Request& request, google::protobuf::Message& response,
                               ReplyInfo* info);
  Outcome Judge(const Operation& operation, const http::Exchange& exchange) const;
  Outcome Failed(const Operation& operation, errors::ProviderFailure failure) const;
  Outcome Read(const Operation& operation, const http::Request& request, http::Exchange& exchange,
               google::protobuf::Message& response) const;

  ClientParts parts_;
  resilience::RetryBudget budget_;
};

}  // namespace edugate::rest

#endif  // RUNTIME_REST_CLIENT_H_
