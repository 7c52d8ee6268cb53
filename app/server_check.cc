#include "app/server_check.h"

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "app/base_url.h"
#include "app/bracketed_host.h"
#include "app/config_ranges.h"
#include "app/duration.h"
#include "app/secret_check.h"
#include "app/server_certificates.h"
#include "services/bridge.h"
#include "services/page_token.h"

namespace edugate::app {
namespace {

constexpr std::array kServerRanges = {
    NumberRange{"max_request_bytes", 1024, 64 << 20},
    NumberRange{"max_reply_bytes", 1 << 20, 64 << 20},
    NumberRange{"max_streams_per_connection", 1, 10000},
    NumberRange{"max_connections", 1, 1'000'000},
    NumberRange{"connection_deadline_percent", 1, 95},
    NumberRange{"max_calls", 1, 1'000'000},
    NumberRange{"max_metadata_bytes", 1024, 64 << 10},
    NumberRange{"max_buffer_bytes", 16 << 20, int64_t{16} << 30},
};
constexpr std::array kServerSpans = {
    SpanRange{"default_deadline", absl::Milliseconds(100), absl::Hours(1)},
    SpanRange{"max_deadline", absl::Seconds(1), absl::Hours(1)},
    SpanRange{"shutdown_grace", absl::ZeroDuration(), absl::Minutes(10)},
    SpanRange{"shutdown_delay", absl::ZeroDuration(), absl::Minutes(5)},
    SpanRange{"max_connection_age", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"max_connection_age_grace", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"keepalive_time", absl::Seconds(1), absl::Hours(2)},
    SpanRange{"keepalive_timeout", absl::Seconds(1), absl::Minutes(10)},
    SpanRange{"page_token_lifetime", absl::Minutes(1), absl::Hours(30 * 24)},
};

constexpr size_t kLeastPageTokenKeyBytes = 32;

bool IsListenAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

void CheckDeadlines(const v1::ServerConfig& server, const Mistake& mistake) {
  if (!server.has_default_deadline()) return;
  if (ToDuration(server.default_deadline()) <= MaxDeadline(server)) return;
  mistake("server.default_deadline", "must be at most max_deadline");
}

void CheckOpeningKeys(const v1::ServerConfig& server, const Mistake& mistake) {
  constexpr size_t kMost = services::kMaxOpeningKeys;
  if (static_cast<size_t>(server.page_token_opening_keys_size()) > kMost) {
    mistake("server.page_token_opening_keys", absl::StrCat("takes at most ", kMost, " keys"));
  }
  for (int i = 0; i < server.page_token_opening_keys_size(); ++i) {
    CheckSecret(server.page_token_opening_keys(i),
                absl::StrCat("server.page_token_opening_keys[", i, "]"), mistake,
                kLeastPageTokenKeyBytes);
  }
}

}  // namespace

void CheckServer(const v1::ServerConfig& server, const Mistake& mistake) {
  if (!IsListenAddress(server.listen())) {
    mistake("server.listen", "needs HOST:PORT");
  }
  if (!server.admin_listen().empty() && !IsListenAddress(server.admin_listen())) {
    mistake("server.admin_listen", "needs HOST:PORT");
  }
  if (!server.health_listen().empty() && !IsListenAddress(server.health_listen())) {
    mistake("server.health_listen", "needs HOST:PORT");
  }
  CheckNumbers(server, kServerRanges, "server", mistake);
  CheckSpans(server, kServerSpans, "server", mistake);
  CheckDeadlines(server, mistake);
  if (server.has_page_token_key()) {
    CheckSecret(server.page_token_key(), "server.page_token_key", mistake, kLeastPageTokenKeyBytes);
  }
  CheckOpeningKeys(server, mistake);
  if (server.has_tls()) CheckServerTls(server.tls(), mistake);
  const absl::Status served = CheckListen(server);
  if (!served.ok()) mistake("server.listen", served.message());
}

absl::Status CheckListen(const v1::ServerConfig& server) {
  if (server.has_tls() || server.insecure()) return absl::OkStatus();
  const absl::string_view host =
      absl::string_view(server.listen()).substr(0, server.listen().rfind(':'));
  if (IsLoopbackHost(WithoutBrackets(host))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "isn't a loopback address and has no TLS: needs server.tls, or server.insecure: true where "
      "callers without TLS are meant");
}

absl::Duration MaxDeadline(const v1::ServerConfig& server) {
  return server.has_max_deadline() ? ToDuration(server.max_deadline())
                                   : services::BridgeOptions().max_deadline;
}

}  // namespace edugate::app
