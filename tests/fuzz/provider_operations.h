// Every declared operation, with what judges its answers.
#ifndef TESTS_FUZZ_PROVIDER_OPERATIONS_H_
#define TESTS_FUZZ_PROVIDER_OPERATIONS_H_

#include <vector>

#include "runtime/rest/classifier.h"
#include "runtime/rest/operation.h"

namespace edugate::fuzz {

struct ProviderOperation {
  const rest::Operation* operation;
  const rest::ErrorClassifier* classifier;
};

// All of them. An input chooses by position, so that a new provider belongs to the end.
const std::vector<ProviderOperation>& ProviderOperations();

}  // namespace edugate::fuzz

#endif  // TESTS_FUZZ_PROVIDER_OPERATIONS_H_
