// Any bytes as a provider's XML reply. The first byte chooses the message.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "runtime/codec/xml_decoder.h"
#include "runtime/codec/xml_scan.h"
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
  const absl::Status status = codec::DecodeXml(body, options, message.get());
  if (!status.ok()) {
    fuzz::Require(status.code() == absl::StatusCode::kInternal, "a refusal is kInternal");
    fuzz::RequireDiscreetText(status.message());
  } else {
    absl::string_view document = body;
    absl::ConsumePrefix(&document, "\xEF\xBB\xBF");
    const codec::XmlBounds bounds{options.max_depth + 1, options.max_nodes};
    fuzz::Require(codec::ScanXml(document, bounds).ok(), "what the scan refuses is not decoded");
    // In the declaration, an instruction, a comment or a CDATA section these are letters like
    // others.
    if (absl::StartsWith(document, "<?")) document.remove_prefix(document.find("?>"));
    fuzz::Require(!absl::StrContains(document, "<!DOCTYPE") ||
                      absl::StrContains(document, "<![CDATA[") ||
                      absl::StrContains(document, "<!--") || absl::StrContains(document, "<?"),
                  "a DOCTYPE is refused");
    fuzz::RequireSoundMessage(*message, body);
  }

  const std::unique_ptr<google::protobuf::Message> second(chosen.prototype->New());
  codec::DecodeOptions tight = options;
  tight.max_depth = 3;
  tight.max_nodes = 16;
  tight.max_bytes = 512;
  const bool fits_tight = codec::DecodeXml(body, tight, second.get()).ok();
  fuzz::Require(status.ok() || !fits_tight, "tighter bounds accept nothing more");
  return 0;
}

}  // namespace edugate
