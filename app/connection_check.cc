#include "app/connection_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "app/auth_options.h"
#include "app/base_url.h"
#include "app/config_ranges.h"
#include "app/provider_table.h"
#include "app/resilience_check.h"
#include "app/secret_check.h"
#include "runtime/auth/credential_header.h"
#include "runtime/auth/factory.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;

constexpr std::array kLimitsRanges = {
    NumberRange{"max_response_bytes", 1024, 256 << 20},
    NumberRange{"max_response_depth", 4, 512},
    NumberRange{"max_pages", 1, 10000},
    NumberRange{"max_attempts", 1, 10},
    NumberRange{"max_response_header_bytes", 1024, 1 << 20},
    NumberRange{"max_decode_ratio", 1, 10000},
};
constexpr std::array kLimitsSpans = {
    SpanRange{"attempt_timeout", absl::Milliseconds(50), absl::Hours(1)},
    SpanRange{"least_attempt", absl::Milliseconds(1), absl::Seconds(10)},
};
constexpr std::array kTokenNumbers = {NumberRange{"refresh_percent", 1, 99}};
constexpr std::array kTokenSpans = {
    SpanRange{"failure_memory", absl::Milliseconds(100), absl::Minutes(1)},
    SpanRange{"max_failure_memory", absl::Milliseconds(100), absl::Minutes(10)},
    SpanRange{"default_token_life", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"max_token_life", absl::Seconds(1), absl::Hours(24)},
};
constexpr std::array kOptionsRanges = {
    NumberRange{"page_size", 1, 1000},
    NumberRange{"bulk_enrollment_limit", 1, 10000},
};
constexpr std::array kOptionsSpans = {
    SpanRange{"poll_interval", absl::Milliseconds(50), absl::Minutes(1)},
};
constexpr std::array kWebhookRanges = {NumberRange{"max_body_bytes", 1024, 1 << 20}};

constexpr size_t kMaxIssuerBytes = 200;

void CheckLearnerIdIssuer(const v1::ConnectionConfig& connection, const ProviderRow& provider,
                          const std::string& key, const Mistake& mistake) {
  const std::string& issuer = connection.learner_id_issuer();
  if (issuer.empty()) return;
  if (!provider.learner_external_ids) mistake(key, "means nothing to this provider");
  const bool printable =
      std::all_of(issuer.begin(), issuer.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable || issuer.size() > kMaxIssuerBytes || issuer.find('|') != std::string::npos) {
    mistake(key, "needs at most 200 visible ASCII characters without |");
  }
}

// Empty: the default.
void CheckHeader(const std::string& name, const std::string& key, const Mistake& mistake) {
  if (name.empty()) return;
  const absl::Status checked = auth::CheckHeaderName(name);
  if (!checked.ok()) mistake(key, checked.message());
}

void CheckTokens(const v1::ConnectionConfig& connection, const ProviderRow& provider,
                 const std::string& key, const Mistake& mistake) {
  const v1::OAuth2ClientAuth& config = connection.auth().oauth2_client();
  CheckNumbers(config, kTokenNumbers, key, mistake);
  CheckSpans(config, kTokenSpans, key, mistake);
  const auth::AuthOptions effective = ToAuthOptions(connection, provider);
  const auto& options = std::get<auth::OAuth2ClientOptions>(effective.scheme);
  if (options.use.failure_memory > options.use.max_failure_memory) {
    mistake(absl::StrCat(key, ".failure_memory"), "must be at most max_failure_memory");
  }
  if (options.default_life > options.max_life) {
    mistake(absl::StrCat(key, ".default_token_life"), "must be at most max_token_life");
  }
}

void CheckAuth(const v1::ConnectionConfig& connection, const ProviderRow& provider,
               const std::string& key, const Mistake& mistake) {
  const auto* scheme = connection.auth().GetReflection()->GetOneofFieldDescriptor(
      connection.auth(), v1::AuthConfig::descriptor()->FindOneofByName("scheme"));
  const auto& taken = provider.auth_schemes;
  if (scheme == nullptr || std::find(taken.begin(), taken.end(), scheme->name()) == taken.end()) {
    mistake(key, absl::StrCat("needs ", absl::StrJoin(taken, " or ")));
    return;
  }
  const std::string below = absl::StrCat(key, ".", scheme->name());
  const v1::AuthConfig& auth = connection.auth();
  if (auth.has_bearer()) CheckSecret(auth.bearer(), below, mistake);
  if (auth.has_api_key()) {
    CheckSecret(auth.api_key(), below, mistake);
    CheckHeader(auth.api_key().header(), absl::StrCat(below, ".header"), mistake);
  }
  if (auth.has_basic()) {
    CheckSecret(auth.basic().username(), absl::StrCat(below, ".username"), mistake);
    CheckSecret(auth.basic().password(), absl::StrCat(below, ".password"), mistake);
  }
  if (auth.has_oauth2_client()) {
    CheckSecret(auth.oauth2_client().client_id(), absl::StrCat(below, ".client_id"), mistake);
    CheckSecret(auth.oauth2_client().client_secret(), absl::StrCat(below, ".client_secret"),
                mistake);
    if (!IsBaseUrl(auth.oauth2_client().token_url())) {
      mistake(absl::StrCat(below, ".token_url"), "needs an https URL");
    }
    CheckTokens(connection, provider, below, mistake);
  }
}

void CheckOptions(const v1::ConnectionOptions& options, const ProviderRow& provider,
                  const std::string& key, const Mistake& mistake) {
  const google::protobuf::Reflection& reflection = *options.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(options, &set);
  for (const FieldDescriptor* field : set) {
    const auto& taken = provider.options;
    if (std::find(taken.begin(), taken.end(), field->name()) == taken.end()) {
      mistake(absl::StrCat(key, ".", field->name()), "means nothing to this provider");
    }
  }
  for (const std::string& name : provider.required_options) {
    if (!reflection.HasField(options, options.GetDescriptor()->FindFieldByName(name))) {
      mistake(absl::StrCat(key, ".", name), "is missing");
    }
  }
}

void CheckWebhook(const v1::WebhookConfig& webhook, const ProviderRow& provider,
                  const std::string& key, const Mistake& mistake) {
  if (!provider.webhooks) mistake(key, "means nothing to this provider");
  if (webhook.secrets().empty())
    mistake(absl::StrCat(key, ".secrets"), "needs at least one secret");
  for (int i = 0; i < webhook.secrets_size(); ++i) {
    CheckSecret(webhook.secrets(i), absl::StrCat(key, ".secrets[", i, "]"), mistake);
  }
  CheckHeader(webhook.header(), absl::StrCat(key, ".header"), mistake);
  CheckNumbers(webhook, kWebhookRanges, key, mistake);
}

}  // namespace

void CheckConnection(const v1::Config& config, const v1::ConnectionConfig& connection,
                     const std::string& key, const Mistake& mistake) {
  if (!IsBaseUrl(connection.base_url())) {
    mistake(
        absl::StrCat(key, ".base_url"),
        "needs an https URL without user, query and fragment (http to a loopback address only)");
  }
  const ProviderRow* provider = FindProvider(connection.provider());
  if (provider == nullptr) {
    std::vector<std::string> known;
    for (const ProviderRow& row : ProviderTable()) known.emplace_back(row.id);
    mistake(absl::StrCat(key, ".provider"), absl::StrCat("must be ", absl::StrJoin(known, ", ")));
    return;
  }
  CheckLearnerIdIssuer(connection, *provider, absl::StrCat(key, ".learner_id_issuer"), mistake);
  CheckNumbers(connection.limits(), kLimitsRanges, absl::StrCat(key, ".limits"), mistake);
  CheckSpans(connection.limits(), kLimitsSpans, absl::StrCat(key, ".limits"), mistake);
  CheckResilience(config, connection, *provider, key, mistake);
  CheckNumbers(connection.options(), kOptionsRanges, absl::StrCat(key, ".options"), mistake);
  CheckSpans(connection.options(), kOptionsSpans, absl::StrCat(key, ".options"), mistake);
  CheckAuth(connection, *provider, absl::StrCat(key, ".auth"), mistake);
  CheckOptions(connection.options(), *provider, absl::StrCat(key, ".options"), mistake);
  if (connection.has_webhook()) {
    CheckWebhook(connection.webhook(), *provider, absl::StrCat(key, ".webhook"), mistake);
  }
}

}  // namespace edugate::app
