// The providers that edugate speaks to, simulated over real HTTP, faults included.
//
// The sandbox is written from the providers' documents alone and shares no code with edugate's
// runtime, so that it can judge it. README.md lists what is simulated, the special ids and the
// control API.
#ifndef EDUGATE_SANDBOX_SANDBOX_H_
#define EDUGATE_SANDBOX_SANDBOX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace edugate::sandbox {

// The credentials that the simulated providers accept. They open nothing else.
inline constexpr char kOpenApplyToken[] = "sandbox-openapply-token-not-a-secret";
inline constexpr char kOpenApplyClientId[] = "sandbox-openapply-client";
inline constexpr char kOpenApplyClientSecret[] = "sandbox-openapply-client-secret-not-a-secret";
inline constexpr char kClassEnrollmentApiKey[] = "sandbox-class-enrollment-key-not-a-secret";

inline constexpr char kEdxClientId[] = "sandbox-edx-client";
inline constexpr char kEdxClientSecret[] = "sandbox-edx-client-secret-not-a-secret";
inline constexpr char kMeasureOneKey[] = "sandbox-measureone-key-not-a-secret";
inline constexpr char kMeasureOneClientId[] = "sandbox-measureone-client";
inline constexpr char kMeasureOneClientSecret[] = "sandbox-measureone-client-secret-not-a-secret";
// What MeasureOne's webhooks carry in their Authorization header.
inline constexpr char kMeasureOneWebhookSecret[] = "Bearer sandbox-measureone-webhook-not-a-secret";

// How a sandbox is started.
struct Options {
  // The address to listen on.
  std::string host = "127.0.0.1";
  // 0 takes a free port.
  int port = 0;
  // Connections served at a time, each by a thread of its own that is started when needed. Further
  // ones wait until one closes, and open ones are then closed after their current answer.
  int max_connections = 1024;
  // A connection without a request for this long is closed.
  absl::Duration idle_timeout = absl::Seconds(60);
  // The clock of rate limits, tokens and update times; the system's when empty.
  std::function<absl::Time()> now;
  // Waits out a fault's delay; when empty, a wait that Stop() cuts short.
  std::function<void(absl::Duration)> sleep;
  // Where MeasureOne sends its webhooks unless the settings say otherwise, such as
  // "http://127.0.0.1:7080/webhooks/m1"; "" for nowhere.
  std::string webhook_url;
};

// What happens to the connection instead of a whole answer.
enum class Drop {
  kNone,
  // Closes without a byte of the answer. The request has been handled: a write has taken effect.
  kBeforeResponse,
  // Sends the header and half of the body, then closes.
  kMidBody,
  // As kBeforeResponse, with a TCP reset.
  kReset,
};

// A deviation that the next matching requests meet. The first fault added that matches is the one
// that applies.
struct Fault {
  // The provider's id; "" matches all.
  std::string provider;
  // A part of path and query as sent, below the provider's prefix; "" matches all.
  std::string path_contains;
  // Matching requests to meet it; -1: until cleared.
  int count = 1;
  // Matching requests to let pass before.
  int skip = 0;
  // Whether the provider does what was asked before the fault strikes. When unset: yes, unless
  // `status` is set.
  std::optional<bool> applied;
  // Replaces the answer's status.
  std::optional<int> status;
  // Replaces the answer's body, byte for byte.
  std::optional<std::string> body;
  // Replaces the answer's media type.
  std::string content_type;
  // Added to the answer's header.
  std::vector<std::pair<std::string, std::string>> headers;
  // Cuts the body to so many bytes. The answer stays well-formed HTTP.
  std::optional<size_t> truncate_to;
  // Before the request is handled.
  absl::Duration delay = absl::ZeroDuration();
  // Between two bytes of the body.
  absl::Duration trickle = absl::ZeroDuration();
  Drop drop = Drop::kNone;
};

// A fault that is set.
struct FaultState {
  // What RemoveFault takes.
  int64_t id = 0;
  Fault fault;
  // Requests that will still meet it; -1: until cleared.
  int left = 0;
};

// A provider's request limit.
struct RateLimit {
  // Requests in a period; 0: no limit.
  int requests = 0;
  // Windows of this length start with their first request.
  absl::Duration period = absl::Minutes(1);
};

// What can be set of a provider while it runs.
struct ProviderSettings {
  // Gives at most so many records a page, whatever was asked; 0: as documented.
  int max_per_page = 0;
  RateLimit rate_limit;
  // How long the access tokens issued from now on are valid.
  absl::Duration token_lifetime = absl::Seconds(2629745);
  // How long the provider works on what it is given (measureone).
  absl::Duration processing_time = absl::Seconds(2);
  // Where the provider sends its webhooks (measureone); "" for Options::webhook_url.
  std::string webhook_url;
};

// How often an operation was asked for.
struct RouteCount {
  std::string provider;
  // Verb and path pattern: "GET /api/v3/students/{student_id}/reenrollments"; "unmatched" for
  // unknown paths.
  std::string route;
  int64_t count = 0;
  // With a right credential, and with a wrong one or none.
  int64_t authorized = 0;
  int64_t unauthorized = 0;
  // Handled by the provider: neither refused nor replaced by a fault.
  int64_t handled = 0;
  // That met a fault.
  int64_t faulted = 0;
};

// One request, without header and body: no credential is kept.
struct SeenRequest {
  std::string provider;
  std::string method;
  // Path and query as sent, below the provider's prefix.
  std::string target;
  std::string route;
  bool authorized = false;
  // Of the answer; a dropped connection has the one that was not sent.
  int status = 0;
};

// One HTTP server with every provider below its path prefix. Thread-safe.
class Sandbox {
 public:
  // Starts listening. UNAVAILABLE when the address can't be bound.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(const Options& options);

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  // Stops.
  ~Sandbox();

  // The port that it listens on.
  int port() const;
  // "http://127.0.0.1:PORT".
  std::string root_url() const;
  // "http://127.0.0.1:PORT/openapply" for "openapply".
  std::string base_url(absl::string_view provider) const;
  // The ids of the simulated providers, in a fixed order.
  std::vector<std::string> providers() const;

  // Closes every connection, cuts delays short and returns when all threads have ended. May be
  // called again.
  void Stop();

  // Sets a fault and returns its id.
  int64_t AddFault(Fault fault);
  // Clears one fault. Returns whether it was set.
  bool RemoveFault(int64_t id);
  void ClearFaults();
  // The faults that are set and not used up.
  std::vector<FaultState> Faults() const;

  // The counts by provider and route, in alphabetical order.
  std::vector<RouteCount> Requests() const;
  // The requests of a provider ("" for all) whose route contains that text.
  int64_t CountRequests(absl::string_view provider, absl::string_view route_contains = "") const;
  // The last requests (at most 1000), oldest first.
  std::vector<SeenRequest> RecentRequests() const;
  void ClearRequests();

  // Replaces a provider's settings; "" for all. NOT_FOUND for an unknown provider.
  absl::Status SetSettings(absl::string_view provider, const ProviderSettings& settings);
  // A provider's settings; the defaults for an unknown one.
  ProviderSettings Settings(absl::string_view provider) const;
  // Takes the place of Options::webhook_url, for an address that is known only after the start.
  void SetWebhookUrl(absl::string_view url);

  // As freshly started: records, tokens, faults, settings, counts.
  void Reset();

 private:
  struct Parts;
  friend std::string ConfigYaml(const Sandbox& sandbox);
  friend std::string Describe(const Sandbox& sandbox);

  explicit Sandbox(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// An edugate configuration with a connection to every simulated provider: `oa` (openapply), `tms`
// (class_enrollment), `m1` (measureone), `edx` and
// `edx-xml` (edx_enterprise).
std::string ConfigYaml(const Sandbox& sandbox);

// Addresses, credentials and operations, for a person to read.
std::string Describe(const Sandbox& sandbox);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_SANDBOX_H_
