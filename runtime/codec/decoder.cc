#include "runtime/codec/decoder.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "runtime/codec/xml_decoder.h"

namespace edugate::codec {

namespace {

std::string MediaType(absl::string_view content_type) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
}

// The type as it may stand in an error: a provider could write anything into the header.
std::string Shown(absl::string_view media_type) {
  constexpr size_t kLongest = 80;
  const bool plain = media_type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789/+-._") ==
                     absl::string_view::npos;
  return media_type.size() <= kLongest && plain ? std::string(media_type) : "a malformed type";
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
  const std::string type = MediaType(content_type);
  if (type.empty()) {
    const absl::string_view start = Start(body);
    if (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")) return BodyFormat::kJson;
    if (absl::StartsWith(start, "<") && !OpensHtml(start)) return BodyFormat::kXml;
    return BodyFormat::kOther;
  }
  if (type == "application/json" || type == "text/json" || absl::EndsWith(type, "+json")) {
    return BodyFormat::kJson;
  }
  if (type == "application/xhtml+xml" || type == "image/svg+xml") return BodyFormat::kOther;
  if (type == "application/xml" || type == "text/xml" || absl::EndsWith(type, "+xml")) {
    return BodyFormat::kXml;
  }
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
  const std::string type = MediaType(content_type);
  if (type.empty()) {
    return absl::InternalError("the body has no Content-Type and looks like neither JSON nor XML");
  }
  return absl::InternalError(absl::StrCat("the body is ", Shown(type), ", not JSON or XML"));
}

}  // namespace edugate::codec
