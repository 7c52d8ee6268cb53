#include "runtime/http/origin.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"

namespace edugate::http {

namespace {

// A name may begin with 127., too, and leads anywhere.
bool IsLoopbackAddress(absl::string_view host) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24) == 127;
}

}  // namespace

std::optional<Origin> Origin::Of(absl::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == absl::string_view::npos) return std::nullopt;
  const absl::string_view scheme = url.substr(0, colon);
  if (!absl::EqualsIgnoreCase(scheme, "https") && !absl::EqualsIgnoreCase(scheme, "http")) {
    return std::nullopt;
  }
  const absl::string_view rest = url.substr(colon + 3);
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#\\"));
  if (authority.empty() || authority.find('@') != absl::string_view::npos) return std::nullopt;
  absl::string_view host = authority.substr(0, authority.find(':'));
  if (authority.front() == '[') {
    const std::size_t end = authority.find(']');
    if (end == absl::string_view::npos) return std::nullopt;
    host = authority.substr(1, end - 1);
  }
  const bool loopback =
      absl::EqualsIgnoreCase(host, "localhost") || host == "::1" || IsLoopbackAddress(host);
  return Origin(std::string(url.substr(0, colon + 3 + authority.size())), loopback);
}

bool Origin::Holds(absl::string_view url) const {
  if (!absl::StartsWithIgnoreCase(url, text_)) return false;
  // "https://host" is not the origin of https://host.example or https://host:444.
  return url.size() == text_.size() || url[text_.size()] == '/' || url[text_.size()] == '?';
}

}  // namespace edugate::http
