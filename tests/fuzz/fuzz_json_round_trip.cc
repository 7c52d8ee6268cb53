// What is decoded can be written, unknown fields included, and is then read back.

#include <memory>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/json_writer.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/provider_messages.h"

namespace edugate {
namespace {

using google::protobuf::Message;

// Whether every value of the body is in the message's own fields.
class NothingKept final : public edugate::codec::DriftSink {
 public:
  bool holds() const { return holds_; }
  void OnUnknownField(absl::string_view, absl::string_view) override { holds_ = false; }
  void OnIllFitting(absl::string_view, absl::string_view) override { holds_ = false; }
  void OnMissing(absl::string_view, absl::string_view) override {}
  void OnNewEnumValue(absl::string_view, absl::string_view) override { holds_ = false; }

 private:
  bool holds_ = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto& all = fuzz::ProviderMessages();
  const Message& prototype = *all[input.Choice(all.size())].prototype;

  NothingKept nothing_kept;
  codec::DecodeOptions options;
  options.drift = &nothing_kept;
  const std::unique_ptr<Message> message(prototype.New());
  if (!codec::DecodeJson(std::string(input.Rest()), options, message.get()).ok()) return 0;

  codec::WriteOptions lossless;
  lossless.include_unknown_fields = true;
  const std::string written = codec::WriteJson(*message, lossless);
  fuzz::Require(codec::IsJsonText(written), "what is written is JSON", written);
  const std::unique_ptr<Message> second(prototype.New());
  const absl::Status status = codec::DecodeJson(written, {}, second.get());
  fuzz::Require(status.ok(), "what is written can be read", written);
  if (nothing_kept.holds()) {
    fuzz::Require(google::protobuf::util::MessageDifferencer::Equals(*message, *second),
                  "what is written is read back", written);
  }
  // A name that stood twice is written once; from then on nothing changes any more.
  const std::string settled = codec::WriteJson(*second, lossless);
  const std::unique_ptr<Message> third(prototype.New());
  fuzz::Require(codec::DecodeJson(settled, {}, third.get()).ok(), "and read again", settled);
  fuzz::Require(codec::WriteJson(*third, lossless) == settled, "and written alike", settled);

  // A request body holds no unknown fields, and is JSON and a form for any message.
  fuzz::Require(codec::IsJsonText(codec::WriteJson(*message)), "a request's body is JSON");
  for (const char c : codec::WriteForm(*message)) {
    fuzz::Require(c > ' ' && c < 0x7f, "a form is visible ASCII");
  }
  return 0;
}

}  // namespace edugate
