#include "runtime/codec/json_decoder.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/codec/json_message_reader.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/json_tokens.h"
#include "simdjson.h"

namespace edugate::codec {

namespace {

using google::protobuf::Message;

static_assert(kBodyPadding == simdjson::SIMDJSON_PADDING);

// The first pass keeps some five bytes for each byte of the largest body that it has read; one for
// larger bodies isn't kept.
constexpr size_t kLargestKeptBody = 1 << 20;
constexpr size_t kSmallestCapacity = 64 << 10;

absl::string_view StripJsonWhite(absl::string_view text) {
  while (!text.empty() && IsJsonWhite(text.back())) text.remove_suffix(1);
  while (!text.empty() && IsJsonWhite(text.front())) text.remove_prefix(1);
  return text;
}

absl::Status Refusal(absl::string_view problem) {
  return absl::InternalError(absl::StrCat("the body ", problem));
}

absl::Status FirstPassRefusal(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return Refusal("is not valid UTF-8");
    case simdjson::EMPTY:
      return Refusal("is empty");
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return Refusal("could not be parsed for want of memory");
    default:
      return Refusal("is not valid JSON");
  }
}

absl::string_view Name(char first) {
  switch (first) {
    case '{':
      return "an object";
    case '[':
      return "a list";
    case '"':
      return "text";
    case 'n':
      return "null";
    default:
      return "a bare value";
  }
}

// What the parser's first pass needs: about five bytes for each byte of the largest body yet.
class FirstPass {
 public:
  simdjson::error_code Run(const std::string& body) {
    const size_t wanted = std::max(body.size(), kSmallestCapacity);
    if (parser_ == nullptr || parser_->capacity() < wanted) {
      constexpr size_t kNoNesting = 1;
      if (const auto error =
              simdjson::get_active_implementation()->create_dom_parser_implementation(
                  wanted, kNoNesting, parser_)) {
        return error;
      }
    }
    return parser_->stage1(reinterpret_cast<const uint8_t*>(body.data()), body.size(),
                           simdjson::stage1_mode::regular);
  }

  JsonTokens Found(const std::string& body) const {
    return JsonTokens(body, parser_->structural_indexes.get(), parser_->n_structural_indexes);
  }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
};

absl::Status Parse(FirstPass& first_pass, const std::string& body, const DecodeOptions& options,
                   const FieldPlan* plan, Message* out) {
  if (const auto error = first_pass.Run(body)) return FirstPassRefusal(error);
  return ReadJsonMessage(body, first_pass.Found(body), options, plan, out);
}

}  // namespace

absl::Status DecodeJson(std::string body, const DecodeOptions& options, Message* out) {
  out->Clear();
  if (body.size() > options.max_bytes) return Refusal("is too large");
  if (absl::StartsWith(body, "\xEF\xBB\xBF")) body.erase(0, 3);
  const absl::string_view text = StripJsonWhite(body);
  if (text.empty()) return Refusal("is empty");
  const FieldPlan* plan = nullptr;
  if (!options.response_field.empty()) {
    plan = Schema::For(out->GetDescriptor()).FindField(options.response_field);
    if (plan == nullptr) {
      return absl::InternalError(absl::StrCat("the message has no field ", options.response_field));
    }
  }
  const char first = text.front();
  const bool container = first == '{' || first == '[';
  if (container) {
    // Anything behind the outermost value, or its missing end, shows here; the rest of the nesting
    // is checked on the way.
    if (text.back() != (first == '{' ? '}' : ']')) {
      return Refusal("is not one complete JSON text");
    }
    if (plan == nullptr && first != '{') return Refusal("is a list, not an object");
  } else {
    if (!simdjson::validate_utf8(text.data(), text.size())) return Refusal("is not valid UTF-8");
    if (!IsJsonText(text)) return Refusal("is not valid JSON");
    if (plan == nullptr) return Refusal(absl::StrCat("is ", Name(first), ", not an object"));
  }
  if (body.capacity() < body.size() + kBodyPadding) body.reserve(body.size() + kBodyPadding);
  if (body.size() > kLargestKeptBody) {
    FirstPass first_pass;
    return Parse(first_pass, body, options, plan, out);
  }
  thread_local FirstPass first_pass;
  return Parse(first_pass, body, options, plan, out);
}

}  // namespace edugate::codec
