#include "runtime/errors/nothing_sent.h"

#include "absl/strings/cord.h"

namespace edugate::errors {
namespace {

// Not the URL of a type: what it names is no detail.
constexpr char kMark[] = "edugate/nothing_sent";

}  // namespace

absl::Status WithNothingSent(absl::Status status) {
  status.SetPayload(kMark, absl::Cord());
  return status;
}

bool IsNothingSent(const absl::Status& status) { return status.GetPayload(kMark).has_value(); }

}  // namespace edugate::errors
