// The providers that edugate knows: the one list to which a new provider adds its line.
#ifndef APP_PROVIDER_TABLE_H_
#define APP_PROVIDER_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "adapters/connection.h"
#include "edugate/v1/config.pb.h"
#include "runtime/auth/factory.h"
#include "runtime/rest/client.h"

namespace edugate::app {

// Makes the REST clients of one connection: endpoint, authorization and limits are filled in; the
// maker says whose errors they are and which headers are sent besides.
using ClientMaker = std::function<std::unique_ptr<rest::Client>(
    const rest::ErrorClassifier& classifier, std::vector<http::Header> headers)>;

// An API of the provider's, as edugate declares it, and the client that calls it.
struct NativeApi {
  const rest::Api* api = nullptr;
  rest::Client* client = nullptr;
};

// What became of a connection's configuration: the adapter, and the clients that it uses.
struct BuiltAdapter {
  std::vector<std::unique_ptr<rest::Client>> clients;
  // Every API of the provider's, for native calls; the clients are those above.
  std::vector<NativeApi> native_apis;
  std::unique_ptr<adapters::Adapter> adapter;
};

// How a provider wants its OAuth 2.0 tokens asked for, where the configuration does not say.
struct TokenDefaults {
  auth::CredentialsPlacement credentials_in = auth::CredentialsPlacement::kBody;
  auth::TokenRequestBody request_body = auth::TokenRequestBody::kForm;
  const char* token_type = "";
  // Before the token in the Authorization header; empty: as the reply's token_type says.
  const char* header_scheme = "";
  // The token endpoint answers its rate limit with 403.
  bool forbidden_is_rate_limit = false;
};

struct ProviderRow {
  const char* id;  // as in the configuration
  // The authentication schemes that the provider takes, by the key of AuthConfig.
  std::vector<std::string> auth_schemes;
  // The keys of ConnectionOptions that mean something here, and those of them that must be there.
  std::vector<std::string> options;
  std::vector<std::string> required_options;
  TokenDefaults token;
  // Whether it sends webhooks.
  bool webhooks = false;
  // Whether it finds learners by an external id (`learner_id_issuer`).
  bool learner_external_ids = false;
  // The declared APIs that it is called by.
  std::vector<const rest::Api*> (*apis)();
  BuiltAdapter (*build)(const v1::ConnectionConfig& config, const ClientMaker& make_client);
};

const std::vector<ProviderRow>& ProviderTable();

// Every method that edugate declares of any provider, without a way to call it.
std::vector<adapters::NativeMethod> DeclaredMethods();

// The row of a provider; null where there is none.
const ProviderRow* FindProvider(absl::string_view id);

}  // namespace edugate::app

#endif  // APP_PROVIDER_TABLE_H_
