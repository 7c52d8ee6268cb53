// The messages into which replies are decoded: every provider's records, pages and failures.
#ifndef TESTS_FUZZ_PROVIDER_MESSAGES_H_
#define TESTS_FUZZ_PROVIDER_MESSAGES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/codec/drift.h"

namespace edugate::fuzz {

// A message and, where a reply is a bare list, the field that the whole body is.
struct ProviderMessage {
  const google::protobuf::Message* prototype;
  absl::string_view response_field;
};

// All of them. An input chooses by position, so that new ones belong to the end.
const std::vector<ProviderMessage>& ProviderMessages();

// Requires of a decoded message what the decoders promise: text is UTF-8, unknown fields hold JSON
// at a path that can be taken apart, and nothing grew beyond what the body can explain.
void RequireSoundMessage(const google::protobuf::Message& message, absl::string_view body);

// Requires of a decoder's complaint that it names no value: no address, nothing unprintable.
void RequireDiscreetText(absl::string_view text);

// Requires the same of every name that it is told.
class DiscreetDrift final : public codec::DriftSink {
 public:
  void OnUnknownField(absl::string_view message, absl::string_view path) override;
  void OnIllFitting(absl::string_view message, absl::string_view path) override;
  void OnMissing(absl::string_view message, absl::string_view path) override;
  void OnNewEnumValue(absl::string_view message, absl::string_view path) override;
};

}  // namespace edugate::fuzz

#endif  // TESTS_FUZZ_PROVIDER_MESSAGES_H_
