#include "runtime/codec/decoder.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "runtime/codec/xml_decoder.h"

namespace edugate::codec {

namespace {

// In any case.
absl::string_view MediaType(absl::string_view content_type) {
  return absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';')));
}

// The type as it may stand in an error: a provider could write anything into the header.
std::string Shown(absl::string_view type) {
  constexpr size_t kLongest = 80;
  const std::string media_type = absl::AsciiStrToLower(type);
  const bool plain = media_type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789/+-._") ==
                     absl::string_view::npos;
  return media_type.size() <= kLongest && plain ? media_type : "a malformed type";
}

absl::string_view Start(absl::string_view body) {
  absl::ConsumePrefix(&body, "\xEF\xBB\xBF");
  return absl::StripLeadingAsciiWhitespace(body);
}

bool OpensHtml(absl::string_view start) {
  return absl::StartsWithIgnoreCase(start, "<!doctype html") ||
         absl::StartsWithIgnoreCase(start, "<html");
}

}  // namespace

BodyFormat FormatOf(absl::string_view content_type, absl::string_view body) {
  const absl::string_view type = MediaType(content_type);
  if (type.empty()) {
    const absl::string_view start = Start(body);
    if (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")) return BodyFormat::kJson;
    if (absl::StartsWith(start, "<") && !OpensHtml(start)) return BodyFormat::kXml;
    return BodyFormat::kOther;
  }
  const auto is = [&](absl::string_view name) { return absl::EqualsIgnoreCase(type, name); };
  const auto ends = [&](absl::string_view end) { return absl::EndsWithIgnoreCase(type, end); };
  if (is("application/json") || is("text/json") || ends("+json")) return BodyFormat::kJson;
  if (is("application/xhtml+xml") || is("image/svg+xml")) return BodyFormat::kOther;
  if (is("application/xml") || is("text/xml") || ends("+xml")) return BodyFormat::kXml;
  return BodyFormat::kOther;
}

absl::Status Decode(absl::string_view content_type, std::string body, const DecodeOptions& options,
                    google::protobuf::Message* out) {
  switch (FormatOf(content_type, body)) {
    case BodyFormat::kJson:
      return DecodeJson(std::move(body), options, out);
    case BodyFormat::kXml:
      return DecodeXml(std::move(body), options, out);
    case BodyFormat::kOther:
      break;
  }
  out->Clear();
  if (body.empty()) return absl::InternalError("the body is empty");
  const absl::string_view type = MediaType(content_type);
  if (type.empty()) {
    return absl::InternalError("the body has no Content-Type and looks like neither JSON nor XML");
  }
  return absl::InternalError(absl::StrCat("the body is ", Shown(type), ", not JSON or XML"));
}

}  // namespace edugate::codec
