// Any bytes as the content of a secret file, in each of the headers that a secret can stand in.

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/auth/credential_header.h"
#include "runtime/http/http_client.h"
#include "runtime/http/request_check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

// What libcurl is given may not begin another header.
void RequireSendable(const std::string& name, const std::string& value) {
  http::Request request;
  request.method = "GET";
  request.url = "https://provider.example/";
  request.headers.push_back({name, value});
  fuzz::Require(http::RefusalOf(request, false).empty(), "a checked credential can be sent", value);
  fuzz::Require(std::none_of(value.begin(), value.end(),
                             [](char c) {
                               return c == '\r' || c == '\n' || c == '\0' ||
                                      static_cast<unsigned char>(c) > 0x7e;
                             }),
                "a credential is one header", value);
}

void RequireHidden(const absl::Status& status, const std::string& text) {
  if (status.ok() || text.size() < 4) return;
  const absl::string_view message = status.message();
  // The messages are of a few common words; what is no word of theirs must not be in them.
  constexpr char kWords[] =
      "is empty longer than 16384 bytes has a character other than visible ASCII and blanks begins "
      "or ends with a blank a colon, which Basic credentials can't carry control not the name of "
      "an "
      "HTTP header that edugate sets itself";
  fuzz::Require(absl::StrContains(kWords, text) || !absl::StrContains(message, text),
                "a refusal shows nothing of the secret", message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::Input(data, size).Rest());

  const absl::Status token = auth::CheckToken(text);
  if (token.ok()) RequireSendable("Authorization", absl::StrCat("Bearer ", text));
  RequireHidden(token, text);

  const absl::Status value = auth::CheckHeaderValue(text);
  if (value.ok()) RequireSendable("X-Api-Key", text);
  fuzz::Require(!token.ok() || value.ok(), "a token is a header's value", text);
  RequireHidden(value, text);

  const absl::Status user = auth::CheckBasicUser(text);
  const absl::Status password = auth::CheckBasicPassword(text);
  if (user.ok()) {
    const std::string header = auth::BasicCredentials(text, text);
    RequireSendable("Authorization", header);
    std::string plain;
    fuzz::Require(absl::Base64Unescape(header.substr(6), &plain) &&
                      plain == absl::StrCat(text, ":", text) && plain.find(':') == text.size(),
                  "the server can tell the user from the password", text);
  }
  fuzz::Require(!user.ok() || password.ok(), "a user could be a password", text);
  RequireHidden(user, text);
  RequireHidden(password, text);

  const absl::Status name = auth::CheckHeaderName(text);
  if (name.ok()) RequireSendable(text, "value");
  return 0;
}

}  // namespace edugate
