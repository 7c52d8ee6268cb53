// Any bytes as the body of a webhook. Byte 1 stands for a canary.

#include <string>

#include "absl/strings/match.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "runtime/errors/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body = fuzz::WithCanary(fuzz::Input(data, size).Rest());
  const auto event = adapters::ReadWebhook("bayview", body);
  if (!event.ok()) {
    fuzz::Require(errors::ReasonOf(event.status()) == v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID,
                  "a body without an event is refused as such");
    fuzz::Require(
        !absl::StrContains(errors::ToRpcStatus(event.status()).SerializeAsString(), fuzz::kCanary),
        "a complaint repeats nothing of the body");
    return 0;
  }
  fuzz::Require(!event->dedup_id.empty(), "an event can be told from others");
  fuzz::Require(!event->event.provider_type().empty(), "an event has a type");
  // Stored as bytes and given to watchers as JSON: it has to be sound UTF-8.
  std::string bytes;
  fuzz::Require(event->event.SerializeToString(&bytes), "an event can be stored");
  const auto again = adapters::ReadWebhook("bayview", body);
  fuzz::Require(again.ok() && again->dedup_id == event->dedup_id,
                "two deliveries of an event are one");
  return 0;
}

}  // namespace edugate
