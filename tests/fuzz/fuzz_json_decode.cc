// Any bytes as a provider's JSON reply. The first byte chooses the message.

#include <memory>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "runtime/codec/json_decoder.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/provider_messages.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto& all = fuzz::ProviderMessages();
  const fuzz::ProviderMessage& chosen = all[input.Choice(all.size())];
  const std::string body(input.Rest());

  fuzz::DiscreetDrift drift;
  codec::DecodeOptions options;
  options.drift = &drift;
  options.response_field = chosen.response_field;
  const std::unique_ptr<google::protobuf::Message> message(chosen.prototype->New());
  const absl::Status status = codec::DecodeJson(body, options, message.get());
  if (!status.ok()) {
    fuzz::Require(status.code() == absl::StatusCode::kInternal, "a refusal is kInternal");
    fuzz::RequireDiscreetText(status.message());
  } else {
    fuzz::RequireSoundMessage(*message, body);
  }

  // Room behind the body, in which the parser reads in place, changes nothing.
  std::string roomy = body;
  roomy.reserve(body.size() + codec::kBodyPadding);
  const std::unique_ptr<google::protobuf::Message> second(chosen.prototype->New());
  const absl::Status again = codec::DecodeJson(std::move(roomy), options, second.get());
  fuzz::Require(status == again, "the same body is judged alike", again.message());
  if (status.ok()) {
    fuzz::Require(google::protobuf::util::MessageDifferencer::Equals(*message, *second),
                  "the same body is read alike");
  }

  // Tighter bounds refuse more and never less.
  codec::DecodeOptions tight = options;
  tight.max_depth = 3;
  tight.max_nodes = 16;
  tight.max_bytes = 512;
  const bool fits_tight = codec::DecodeJson(body, tight, second.get()).ok();
  fuzz::Require(status.ok() || !fits_tight, "tighter bounds accept nothing more");
  return 0;
}

}  // namespace edugate
