// The class-enrollment API's dialect of failure: HTTP 200, and Status in the body.
#ifndef ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ERRORS_H_
#define ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ERRORS_H_

#include <optional>

#include "runtime/rest/classifier.h"

namespace edugate::adapters {

// Status 0 is the only success. 10 is an error, 20 not found, 30 our key refused. A missing or
// unlisted Status is a reply that can't be used. Other HTTP statuses come from the network in front
// of the API and mean what HTTP says.
class ClassEnrollmentErrors final : public rest::ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const rest::Operation& operation,
                                                  const http::Response& response) const override;
  std::optional<errors::ProviderFailure> ClassifyReply(
      const rest::Operation& operation, const google::protobuf::Message& reply) const override;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_CLASS_ENROLLMENT_CLASS_ENROLLMENT_ERRORS_H_
