#include "runtime/auth/credential_header.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace edugate::auth {
namespace {

bool IsVisible(char c) { return c > ' ' && c < '\x7f'; }

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

// A token in HTTP's sense (RFC 9110, section 5.6.2).
bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(&c, 1));
}

absl::Status CheckSize(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("is empty");
  if (text.size() > kMaxCredentialBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is longer than ", kMaxCredentialBytes, " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view HeaderOf(const http::Request& request, absl::string_view name) {
  for (const http::Header& header : request.headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return {};
}

std::string BasicCredentials(absl::string_view user, absl::string_view password) {
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(user, ":", password)));
}

absl::Status CheckToken(absl::string_view token) {
  absl::Status size = CheckSize(token);
  if (!size.ok()) return size;
  if (!std::all_of(token.begin(), token.end(), IsVisible)) {
    return absl::InvalidArgumentError("has a character other than visible ASCII");
  }
  return absl::OkStatus();
}

absl::Status CheckHeaderValue(absl::string_view value) {
  absl::Status size = CheckSize(value);
  if (!size.ok()) return size;
  if (!std::all_of(value.begin(), value.end(), [](char c) { return IsVisible(c) || c == ' '; })) {
    return absl::InvalidArgumentError("has a character other than visible ASCII and blanks");
  }
  if (value.front() == ' ' || value.back() == ' ') {
    return absl::InvalidArgumentError("begins or ends with a blank");
  }
  return absl::OkStatus();
}

absl::Status CheckBasicUser(absl::string_view user) {
  absl::Status password = CheckBasicPassword(user);
  if (!password.ok()) return password;
  if (absl::StrContains(user, ':')) {
    return absl::InvalidArgumentError("has a colon, which Basic credentials can't carry");
  }
  return absl::OkStatus();
}

absl::Status CheckBasicPassword(absl::string_view password) {
  absl::Status size = CheckSize(password);
  if (!size.ok()) return size;
  if (HasControl(password)) return absl::InvalidArgumentError("has a control character");
  return absl::OkStatus();
}

absl::Status CheckHeaderName(absl::string_view name) {
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return absl::InvalidArgumentError("is not the name of an HTTP header");
  }
  for (absl::string_view taken :
       {"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Keep-Alive",
        "Proxy-Connection", "Expect", "TE", "Upgrade", "Trailer", "Accept", "Accept-Encoding",
        "User-Agent", "If-None-Match", "traceparent", "tracestate"}) {
    if (absl::EqualsIgnoreCase(name, taken)) {
      return absl::InvalidArgumentError("is a header that HTTP or edugate sets itself");
    }
  }
  return absl::OkStatus();
}

}  // namespace edugate::auth
