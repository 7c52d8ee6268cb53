// Whether a provider's answer is a success, and if not, what it means.
#ifndef RUNTIME_REST_CLASSIFIER_H_
#define RUNTIME_REST_CLASSIFIER_H_

#include <optional>

#include "google/protobuf/message.h"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"
#include "runtime/rest/operation.h"

namespace edugate::rest {

// A provider's dialect of failure. One for each provider, beside its adapter. Stateless and pure:
// the same answer always classifies alike. Messages are edugate's own words; nothing of the body
// may reach a failure but codes.
class ErrorClassifier {
 public:
  virtual ~ErrorClassifier() = default;

  // Judges a complete answer by status, headers and body. Nothing: it is a success, to be decoded.
  virtual std::optional<errors::ProviderFailure> Classify(const Operation& operation,
                                                          const http::Response& response) const = 0;

  // Judges a decoded reply, for providers that report errors inside a success. Nothing: it is a
  // success.
  virtual std::optional<errors::ProviderFailure> ClassifyReply(
      const Operation& operation, const google::protobuf::Message& reply) const {
    (void)operation;
    (void)reply;
    return std::nullopt;
  }
};

// What an HTTP status means by itself (RFC 9110, section 15; error_reason.proto). Nothing for
// 2xx. Retry-After is read, and of a limited rate X-RateLimit-Reset; a wait is set where the
// provider named one, and for a limited rate and a lock always. Classifiers start from it and
// refine it by the body.
std::optional<errors::ProviderFailure> ClassifyByHttpStatus(const Operation& operation,
                                                            const http::Response& response,
                                                            absl::Time now);

// What a failed exchange means: the table of transport failures, by effect and by whether anything
// was sent.
errors::ProviderFailure ClassifyTransport(const Operation& operation,
                                          const http::Exchange& exchange);

}  // namespace edugate::rest

#endif  // RUNTIME_REST_CLASSIFIER_H_
