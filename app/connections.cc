#include "app/connections.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/new_words.h"
#include "app/auth_options.h"
#include "app/endpoint_options.h"
#include "app/resilience_options.h"
#include "runtime/digest/message_bytes.h"
#include "runtime/resilience/token_bucket.h"

namespace edugate::app {
namespace {

// Everything in the configuration that a connection is made of: where this is the same, so is the
// connection.
std::string WhatMakes(const v1::Config& config, const v1::ConnectionConfig& connection) {
  std::string what = digest::MessageBytes(connection);
  absl::StrAppend(&what, "|", digest::MessageBytes(config.native_calls()));
  for (const v1::RateLimitConfig& limit : config.rate_limits()) {
    if (limit.name() == connection.rate_limit().shared())
      absl::StrAppend(&what, "|", digest::MessageBytes(limit));
  }
  return what;
}

// A rate's name and what it is made of: where both are the same, so is the rate.
std::string RateKey(const v1::RateLimitConfig& limit) {
  return absl::StrCat(limit.name(), "|", digest::MessageBytes(limit));
}

}  // namespace

struct Connections::Unit {
  std::string made_of;
  std::unique_ptr<http::HttpClient> http;
  std::unique_ptr<auth::Authorizer> authorizer;
  std::shared_ptr<resilience::RateLimit> rate_limit;
  std::vector<std::unique_ptr<resilience::RateLimit>> method_rates;
  std::shared_ptr<resilience::Safeguards> safeguards;
  BuiltAdapter built;
  adapters::Connection connection;
};

absl::StatusOr<std::shared_ptr<const Connections::Unit>> Connections::BuildUnit(
    const v1::Config& config, const v1::ConnectionConfig& each, const ConnectionParts& parts,
    const SharedRates& rates) {
  auto unit = std::make_shared<Unit>();
  unit->made_of = WhatMakes(config, each);
  const ProviderRow* provider = FindProvider(each.provider());
  if (provider == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("connection ", each.id(), ": its provider is not known"));
  }
  unit->http = parts.make_http(ToEndpointOptions(each));
  http::HttpClient* const http = unit->http.get();
  auth::AuthOptions auth_options = ToAuthOptions(each, *provider);
  if (parts.observer != nullptr) {
    auth_options.on_fetch = [observer = parts.observer, id = each.id()](bool ok,
                                                                        absl::Duration duration) {
      observer->OnTokenRefresh(id, ok, duration);
    };
  }
  auto authorizer = auth::MakeAuthorizer(std::move(auth_options), http, parts.clock);
  if (!authorizer.ok()) {
    return absl::Status(authorizer.status().code(), absl::StrCat("connection ", each.id(), ": ",
                                                                 authorizer.status().message()));
  }
  unit->authorizer = *std::move(authorizer);
  auth::Authorizer* shared = unit->authorizer.get();
  resilience::SafeguardOptions safeguards = ToSafeguardOptions(each);
  const auto bucket_of = [&safeguards](const v1::TokenBucketConfig& configured) {
    resilience::TokenBucketOptions options = ToTokenBucketOptions(configured);
    options.least_attempt = safeguards.policy.least_attempt;
    return std::make_unique<resilience::TokenBucket>(options);
  };
  const v1::ConnectionRateLimit& rate = each.rate_limit();
  if (rate.has_own()) unit->rate_limit = bucket_of(rate.own());
  for (const v1::RateLimitConfig& limit : config.rate_limits()) {
    if (limit.name() == rate.shared()) unit->rate_limit = rates.at(RateKey(limit));
  }
  safeguards.rate_limit = unit->rate_limit.get();
  for (const v1::MethodConfig& method : each.methods()) {
    if (!method.has_rate_limit()) continue;
    unit->method_rates.push_back(bucket_of(method.rate_limit()));
    safeguards.methods[method.method()].rate_limit = unit->method_rates.back().get();
  }
  unit->safeguards =
      std::make_shared<resilience::Safeguards>(std::move(safeguards), each.id(), parts.observer);

  const ClientMaker make_client = [&](const rest::ErrorClassifier& classifier,
                                      std::vector<http::Header> headers) {
    rest::ClientParts client;
    client.connection = each.id();
    client.provider = each.provider();
    client.endpoint.base_url = each.base_url();
    while (!client.endpoint.base_url.empty() && client.endpoint.base_url.back() == '/') {
      client.endpoint.base_url.pop_back();
    }
    client.endpoint.headers = std::move(headers);
    client.http = http;
    client.authorizer = shared;
    client.classifier = &classifier;
    client.safeguards = unit->safeguards;
    client.observer = parts.observer;
    if (parts.drift != nullptr) {
      client.drift = &parts.drift->ForConnection(each.provider(), each.id());
    }
    const v1::LimitsConfig& limits = each.limits();
    if (limits.max_response_bytes() > 0) client.max_response_bytes = limits.max_response_bytes();
    if (limits.max_response_depth() > 0) client.max_response_depth = limits.max_response_depth();
    return std::make_unique<rest::Client>(std::move(client));
  };
  unit->built = provider->build(each, make_client);
  const BuiltAdapter& built = unit->built;
  std::vector<adapters::NativeMethod> native;
  if (config.native_calls().enabled()) {
    for (const NativeApi& api : built.native_apis) {
      auto methods = adapters::NativeMethodsOf(*api.api, *api.client);
      std::move(methods.begin(), methods.end(), std::back_inserter(native));
    }
  }
  const int max_pages = each.limits().max_pages();
  adapters::Ports ports = built.adapter->ports();
  if (parts.drift != nullptr) {
    ports = adapters::CountingNewWords(std::move(ports),
                                       parts.drift->ForConnection(each.provider(), each.id()));
  }
  unit->connection = adapters::Connection{
      .id = each.id(),
      .provider = each.provider(),
      .display_name = each.display_name().empty() ? each.id() : each.display_name(),
      .max_pages = max_pages > 0 ? max_pages : adapters::kDefaultMaxPages,
      .learner_id_issuer = each.learner_id_issuer(),
      .ports = std::move(ports),
      .native = std::move(native)};
  return unit;
}

absl::StatusOr<std::unique_ptr<Connections>> Connections::Build(const v1::Config& config,
                                                                const ConnectionParts& parts,
                                                                const Connections* previous) {
  std::unique_ptr<Connections> result(new Connections);
  for (const v1::RateLimitConfig& limit : config.rate_limits()) {
    std::shared_ptr<resilience::RateLimit>& rate = result->rates_[RateKey(limit)];
    if (previous != nullptr) {
      const auto known = previous->rates_.find(RateKey(limit));
      if (known != previous->rates_.end()) rate = known->second;
    }
    if (rate != nullptr) continue;
    const resilience::TokenBucketOptions options = ToTokenBucketOptions(limit.rate());
    if (parts.make_rate_limit) {
      rate = parts.make_rate_limit(limit.name(), options);
    } else {
      rate = std::make_shared<resilience::TokenBucket>(options);
    }
  }
  std::vector<adapters::Connection> connections;
  for (const v1::ConnectionConfig& each : config.connections()) {
    const std::string made_of = WhatMakes(config, each);
    std::shared_ptr<const Unit> unit;
    if (previous != nullptr) {
      for (const auto& known : previous->units_) {
        if (known->made_of == made_of) unit = known;
      }
    }
    if (unit == nullptr) {
      auto built = BuildUnit(config, each, parts, result->rates_);
      if (!built.ok()) return built.status();
      unit = *std::move(built);
    }
    connections.push_back(unit->connection);
    result->units_.push_back(std::move(unit));
  }
  result->registry_ = std::make_unique<adapters::ConnectionRegistry>(std::move(connections));
  return result;
}

std::optional<resilience::Safeguards::Snapshot> Connections::Look(absl::string_view connection,
                                                                  async::MonotonicTime now) const {
  for (const auto& unit : units_) {
    if (unit->connection.id == connection) return unit->safeguards->Look(now);
  }
  return std::nullopt;
}

}  // namespace edugate::app
