#include "runtime/http/request_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace edugate::http {

namespace {

// RFC 9110, 5.6.2.
bool IsToken(absl::string_view text) {
  constexpr absl::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kSigns.find(c) != absl::string_view::npos;
  });
}

bool IsFieldValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

bool IsUrlText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The client's own: what frames the message and what keeps the connection.
bool IsReserved(absl::string_view name) {
  for (const absl::string_view reserved :
       {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "TE", "Trailer",
        "Upgrade", "Accept-Encoding", "Keep-Alive", "Proxy-Connection"}) {
    if (absl::EqualsIgnoreCase(name, reserved)) return true;
  }
  return false;
}

}  // namespace

absl::string_view RefusalOf(const Request& request, bool plain_http) {
  if (!IsToken(request.method)) return "the method is not a token";
  if (!IsUrlText(request.url)) return "the URL has a character that must be percent-encoded";
  const bool https = absl::StartsWithIgnoreCase(request.url, "https://");
  const bool http = absl::StartsWithIgnoreCase(request.url, "http://");
  if (!https && !http) return "the URL's scheme is not https";
  if (http && !plain_http) return "plain http is not allowed";
  for (const Header& header : request.headers) {
    if (!IsToken(header.name)) return "a header's name is not a token";
    if (IsReserved(header.name)) return "a header is the client's own to set";
    if (!IsFieldValue(header.value)) return "a header's value has a character that is not allowed";
  }
  return {};
}

}  // namespace edugate::http
