#ifndef EDUGATE_SANDBOX_PROVIDER_H_
#define EDUGATE_SANDBOX_PROVIDER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sandbox/sandbox.h"

namespace edugate::sandbox {

// One part of a multipart/form-data body.
struct Part {
  std::string name;
  std::string file_name;
  std::string content_type;
  std::string content;
};

// One HTTP request as a provider sees it.
struct Request {
  // Upper case.
  std::string method;
  // Path and query below the provider's prefix, exactly as sent: "/api/v3/reenrollments?page=2".
  std::string target;
  // The query's arguments, decoded, in the order sent; those of a form body follow.
  std::vector<std::pair<std::string, std::string>> arguments;
  // The header fields, names in lower case.
  std::multimap<std::string, std::string> headers;
  std::string body;
  // The parts of a multipart/form-data body, in the order sent; `body` is then empty.
  std::vector<Part> parts;
  // What stood in the path for the route's {names}, decoded.
  std::map<std::string, std::string> captures;

  // The first argument of that name.
  std::optional<std::string> Argument(absl::string_view name) const;
  // The same, with the name's case ignored.
  std::optional<std::string> ArgumentIgnoringCase(absl::string_view name) const;
  // The first header field of that name (in lower case), or "".
  std::string Header(absl::string_view name) const;
};

// One HTTP response, and what happens to it on the wire.
struct Reply {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  Drop drop = Drop::kNone;
  // Between two bytes of the body; zero sends it at once.
  absl::Duration trickle = absl::ZeroDuration();
};

// A reply of `application/json; charset=utf-8`.
Reply JsonReply(int status, std::string body);

// One operation of a provider.
struct Route {
  // Upper case.
  std::string method;
  // The path below the provider's prefix, with {name} for a segment:
  // "/api/v3/students/{student_id}/reenrollments".
  std::string pattern;
  std::function<Reply(const Request&)> handle;
  // Whether it answers callers without the provider's authorization: a token endpoint.
  bool open = false;
};

// Why the frame refuses a request before a route's handler sees it.
enum class Refusal { kUnauthorized, kNotFound, kMethodNotAllowed, kThrottled };

// What a provider may ask of the sandbox that it stands in.
struct Surroundings {
  std::function<absl::Time()> now;
  std::function<ProviderSettings()> settings;
};

// One simulated provider: its routes, its credentials, its way of saying no. The methods are called
// by many threads.
class Provider {
 public:
  virtual ~Provider() = default;

  // The provider's id in edugate's configuration, and its path prefix: "openapply".
  virtual absl::string_view id() const = 0;
  // The operations. Called once, when the sandbox starts; the handlers live as long as the
  // provider.
  virtual std::vector<Route> Routes() = 0;
  // Whether the request carries a right credential.
  virtual bool Authorized(const Request& request) const = 0;
  // The refusal in the provider's own words.
  virtual Reply Refuse(Refusal refusal) const = 0;
  // The same for a request, for providers whose words depend on what is asked.
  virtual Reply RefuseRequest(Refusal refusal, const Request& /*request*/) const {
    return Refuse(refusal);
  }
  // Whether a refusal for kThrottled says in X-RateLimit headers what the limit is and until when.
  virtual bool tells_rate_limit() const { return false; }
  // Whether paths match whatever their case.
  virtual bool paths_ignore_case() const { return false; }
  // Puts the records back as they were at the start and forgets issued tokens.
  virtual void Reset() = 0;
  // The entry below `connections:` of edugate's configuration. `base_url` ends in the provider's
  // prefix.
  virtual std::string ConnectionYaml(absl::string_view base_url) const = 0;
  // One or more lines for a person: what is there and with which credential.
  virtual std::string Summary() const = 0;
};

// Splits a target into its decoded arguments: "?a=1&b=x+y" gives {a, 1}, {b, "x y"}.
std::vector<std::pair<std::string, std::string>> ParseArguments(absl::string_view query);

// Matches the path of a target (its query is ignored) against a pattern, segment by segment; a
// {name} takes one non-empty segment, decoded, with '+' as it is. Returns the captures, or nothing.
std::optional<std::map<std::string, std::string>> MatchPattern(absl::string_view pattern,
                                                               absl::string_view target,
                                                               bool ignore_case);

// A whole number, written in decimal digits only; nothing if it isn't one or doesn't fit.
std::optional<int64_t> WholeNumber(absl::string_view text);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_PROVIDER_H_
