#include "app/connections.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/new_words.h"
#include "app/auth_options.h"

namespace edugate::app {

absl::StatusOr<std::unique_ptr<Connections>> Connections::Build(const v1::Config& config,
                                                                const ConnectionParts& parts) {
  std::unique_ptr<Connections> result(new Connections);
  std::vector<adapters::Connection> connections;
  for (const v1::ConnectionConfig& each : config.connections()) {
    const ProviderRow* provider = FindProvider(each.provider());
    if (provider == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("connection ", each.id(), ": its provider is not known"));
    }
    auto authorizer = auth::MakeAuthorizer(ToAuthOptions(each, *provider), parts.http, parts.clock);
    if (!authorizer.ok()) {
      return absl::Status(authorizer.status().code(), absl::StrCat("connection ", each.id(), ": ",
                                                                   authorizer.status().message()));
    }
    result->authorizers_.push_back(*std::move(authorizer));
    auth::Authorizer* shared = result->authorizers_.back().get();

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
      client.http = parts.http;
      client.authorizer = shared;
      client.classifier = &classifier;
      if (parts.drift != nullptr) {
        client.drift = &parts.drift->ForConnection(each.provider(), each.id());
      }
      const v1::LimitsConfig& limits = each.limits();
      if (limits.max_response_bytes() > 0) client.max_response_bytes = limits.max_response_bytes();
      if (limits.max_response_depth() > 0) client.max_response_depth = limits.max_response_depth();
      if (limits.max_attempts() > 0) client.retry.max_attempts = limits.max_attempts();
      return std::make_unique<rest::Client>(std::move(client));
    };
    result->adapters_.push_back(provider->build(each, make_client));
    const BuiltAdapter& built = result->adapters_.back();
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
    connections.push_back(
        {.id = each.id(),
         .provider = each.provider(),
         .display_name = each.display_name().empty() ? each.id() : each.display_name(),
         .max_pages = max_pages > 0 ? max_pages : adapters::kDefaultMaxPages,
         .ports = std::move(ports),
         .native = std::move(native)});
  }
  result->registry_ = std::make_unique<adapters::ConnectionRegistry>(std::move(connections));
  return result;
}

}  // namespace edugate::app
