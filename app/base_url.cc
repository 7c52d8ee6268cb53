#include "app/base_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace edugate::app {
namespace {

// scheme, host and what follows; empty members where the URL is none.
struct UrlParts {
  absl::string_view scheme;
  absl::string_view host;
  bool port_right = false;  // none, or a number that a port can be
};

UrlParts SplitUrl(absl::string_view url) {
  const size_t colon = url.find("://");
  if (colon == absl::string_view::npos) return {};
  UrlParts parts{.scheme = url.substr(0, colon)};
  absl::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('/'));
  absl::string_view port;
  if (absl::StartsWith(rest, "[")) {
    const size_t end = rest.find(']');
    if (end == absl::string_view::npos) return {};
    parts.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    parts.host = rest.substr(0, rest.find(':'));
    port = rest.substr(parts.host.size());
  }
  int number = 0;
  parts.port_right =
      port.empty() || (absl::ConsumePrefix(&port, ":") && absl::SimpleAtoi(port, &number) &&
                       number > 0 && number <= 65535);
  return parts;
}

// 127.0.0.0/8 in the usual notation. A name may begin with 127., too, and leads anywhere.
bool IsLoopbackAddress(absl::string_view host) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24) == 127;
}

}  // namespace

bool IsBaseUrl(absl::string_view url) {
  const bool visible =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || url.find_first_of("?#@\\") != absl::string_view::npos) return false;
  const UrlParts parts = SplitUrl(url);
  if (parts.host.empty() || !parts.port_right) return false;
  return parts.scheme == "https" || (parts.scheme == "http" && IsLoopbackHost(parts.host));
}

bool IsLoopbackUrl(absl::string_view url) { return IsLoopbackHost(SplitUrl(url).host); }

bool IsLoopbackHost(absl::string_view host) {
  return host == "localhost" || host == "::1" || IsLoopbackAddress(host);
}

}  // namespace edugate::app
