#include "app/telemetry_check.h"

#include <cmath>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "app/auth_options.h"
#include "runtime/auth/credential_header.h"

namespace edugate::app {
namespace {

constexpr double kWhole = 100;

// An absolute http or https URL with a host, and without a user, a fragment and what a URL can't
// hold.
bool IsEndpoint(absl::string_view url) {
  const bool http = absl::ConsumePrefix(&url, "http://") || absl::ConsumePrefix(&url, "https://");
  const absl::string_view host = url.substr(0, url.find_first_of("/?"));
  return http && !host.empty() && !absl::StrContains(host, '@') && !absl::StrContains(url, '#') &&
         absl::c_all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

void CheckTelemetry(const v1::TelemetryConfig& telemetry, const Mistake& mistake) {
  if (!telemetry.has_otlp()) return;
  const v1::OtlpConfig& otlp = telemetry.otlp();
  if (otlp.endpoint().empty()) {
    mistake("telemetry.otlp.endpoint", "is missing");
  } else if (!IsEndpoint(otlp.endpoint())) {
    mistake("telemetry.otlp.endpoint", "needs a whole http or https URL without a user");
  }
  const double percent = otlp.sample_percent();
  if (!std::isfinite(percent) || percent < 0 || percent > kWhole) {
    mistake("telemetry.otlp.sample_percent", "must be from 0 to 100");
  }
  if (otlp.header().empty() != !otlp.has_header_value()) {
    mistake("telemetry.otlp.header", "needs header_value, and header_value needs it");
  }
  if (!otlp.header().empty()) {
    const absl::Status header = auth::CheckHeaderName(otlp.header());
    if (!header.ok()) mistake("telemetry.otlp.header", header.message());
  }
  if (otlp.has_header_value()) {
    if (otlp.header_value().source_case() == v1::Secret::SOURCE_NOT_SET) {
      mistake("telemetry.otlp.header_value", "needs one of value, file and env");
    } else if (const auto value = ToSecretSource(otlp.header_value()).Read(); !value.ok()) {
      mistake("telemetry.otlp.header_value", value.status().message());
    }
  }
}

}  // namespace edugate::app
