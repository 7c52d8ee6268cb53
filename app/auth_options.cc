#include "app/auth_options.h"

#include <algorithm>

#include "absl/time/time.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

// Secret and ApiKeyAuth have the same places.
template <typename Place>
config::SecretSource SourceOf(const Place& place) {
  switch (place.source_case()) {
    case Place::kFile:
      return config::SecretSource::File(place.file());
    case Place::kEnv:
      return config::SecretSource::Environment(place.env());
    case Place::kValue:
    case Place::SOURCE_NOT_SET:
      break;
  }
  return config::SecretSource::Value(place.value());
}

void Take(bool has, const google::protobuf::Duration& configured, absl::Duration& value) {
  if (has) value = ToDuration(configured);
}

auth::OAuth2ClientOptions ToOAuth2(const v1::OAuth2ClientAuth& config,
                                   const ProviderRow& provider) {
  auth::OAuth2ClientOptions options{.token_url = config.token_url(),
                                    .client_id = SourceOf(config.client_id()),
                                    .client_secret = SourceOf(config.client_secret())};
  const TokenDefaults& defaults = provider.token;
  options.credentials_in = defaults.credentials_in;
  if (config.credentials_in() == v1::CREDENTIALS_PLACEMENT_BASIC) {
    options.credentials_in = auth::CredentialsPlacement::kBasicHeader;
  } else if (config.credentials_in() == v1::CREDENTIALS_PLACEMENT_FORM) {
    options.credentials_in = auth::CredentialsPlacement::kBody;
  }
  options.request_body = defaults.request_body;
  if (config.request_body() == v1::TOKEN_REQUEST_BODY_JSON) {
    options.request_body = auth::TokenRequestBody::kJson;
  } else if (config.request_body() == v1::TOKEN_REQUEST_BODY_FORM) {
    options.request_body = auth::TokenRequestBody::kForm;
  }
  options.token_type = config.token_type().empty() ? defaults.token_type : config.token_type();
  options.scope = config.scope();
  options.extra.assign(config.extra().begin(), config.extra().end());
  std::sort(options.extra.begin(), options.extra.end());
  options.header_scheme =
      config.header_scheme().empty() ? defaults.header_scheme : config.header_scheme();
  options.forbidden_is_rate_limit = defaults.forbidden_is_rate_limit;
  constexpr double kHundred = 100;
  if (config.refresh_percent() > 0) options.use.refresh_after = config.refresh_percent() / kHundred;
  Take(config.has_failure_memory(), config.failure_memory(), options.use.failure_memory);
  Take(config.has_max_failure_memory(), config.max_failure_memory(),
       options.use.max_failure_memory);
  Take(config.has_default_token_life(), config.default_token_life(), options.default_life);
  Take(config.has_max_token_life(), config.max_token_life(), options.max_life);
  return options;
}

}  // namespace

config::SecretSource ToSecretSource(const v1::Secret& secret) { return SourceOf(secret); }

auth::AuthOptions ToAuthOptions(const v1::ConnectionConfig& config, const ProviderRow& provider) {
  const errors::Origin origin{.connection = config.id(), .provider = config.provider()};
  const v1::AuthConfig& auth = config.auth();
  switch (auth.scheme_case()) {
    case v1::AuthConfig::kApiKey: {
      auth::ApiKeyOptions options{.key = SourceOf(auth.api_key())};
      if (!auth.api_key().header().empty()) options.header = auth.api_key().header();
      return {.scheme = std::move(options), .origin = origin};
    }
    case v1::AuthConfig::kOauth2Client:
      return {.scheme = ToOAuth2(auth.oauth2_client(), provider), .origin = origin};
    case v1::AuthConfig::kBasic:
      return {.scheme = auth::BasicOptions{.username = SourceOf(auth.basic().username()),
                                           .password = SourceOf(auth.basic().password())},
              .origin = origin};
    case v1::AuthConfig::kBearer:
    case v1::AuthConfig::SCHEME_NOT_SET:
      break;
  }
  return {.scheme = auth::BearerOptions{.token = SourceOf(auth.bearer())}, .origin = origin};
}

}  // namespace edugate::app
