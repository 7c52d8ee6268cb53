// Scheme, host and port of a URL: whom a connection speaks to.
#ifndef EDUGATE_RUNTIME_HTTP_ORIGIN_H_
#define EDUGATE_RUNTIME_HTTP_ORIGIN_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::http {

// An origin as a base URL spells it (RFC 6454).
class Origin {
 public:
  // The origin of an absolute http or https URL without user information; nothing where it is none.
  static std::optional<Origin> Of(absl::string_view url);

  // Whether `url` begins with this origin, spelled the same but for case. Another spelling of the
  // same host is another origin: edugate builds its URLs from the base URL.
  bool Holds(absl::string_view url) const;

  // Whether the host names this machine: localhost, 127.0.0.0/8 in the usual notation, ::1.
  bool loopback() const { return loopback_; }

  // scheme://host[:port].
  const std::string& text() const { return text_; }

 private:
  Origin(std::string text, bool loopback) : text_(std::move(text)), loopback_(loopback) {}

  std::string text_;
  bool loopback_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_ORIGIN_H_
