#include "app/provider_table.h"

#include "adapters/class_enrollment/class_enrollment_adapter.h"
#include "adapters/edx_enterprise/edx_adapter.h"
#include "adapters/measureone/measureone_adapter.h"
#include "adapters/openapply/openapply_adapter.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

// For a provider with one API and no options.
template <typename Adapter>
BuiltAdapter Build(const v1::ConnectionConfig&, const ClientMaker& make_client) {
  BuiltAdapter built;
  built.clients.push_back(make_client(Adapter::Errors(), {}));
  built.native_apis.push_back({&Adapter::Declaration(), built.clients.front().get()});
  built.adapter = std::make_unique<Adapter>(*built.clients.front());
  return built;
}

template <typename Adapter>
std::vector<const rest::Api*> Apis() {
  return {&Adapter::Declaration()};
}

std::vector<const rest::Api*> MeasureOneApis() {
  return {&adapters::MeasureOneAdapter::DeclarationV2(),
          &adapters::MeasureOneAdapter::DeclarationV3()};
}

BuiltAdapter BuildEdx(const v1::ConnectionConfig& config, const ClientMaker& make_client) {
  const v1::ConnectionOptions& configured = config.options();
  adapters::EdxOptions options;
  options.enterprise_customer_uuid = configured.enterprise_customer_uuid();
  options.xml = configured.response_format() == v1::RESPONSE_FORMAT_XML;
  if (configured.bulk_enrollment_limit() > 0) {
    options.bulk_enrollment_limit = configured.bulk_enrollment_limit();
  }
  if (configured.page_size() > 0) options.page_size = configured.page_size();
  BuiltAdapter built;
  built.clients.push_back(make_client(adapters::EdxAdapter::Errors(), {}));
  rest::Client& client = *built.clients.back();
  built.native_apis.push_back({&adapters::EdxAdapter::Declaration(), &client});
  built.adapter = std::make_unique<adapters::EdxAdapter>(client, std::move(options));
  return built;
}

// MeasureOne's two API versions are told apart by a header of each request.
BuiltAdapter BuildMeasureOne(const v1::ConnectionConfig& config, const ClientMaker& make_client) {
  constexpr char kVersionHeader[] = "version";
  const v1::ConnectionOptions& configured = config.options();
  const auto version_or = [](const std::string& version, const char* otherwise) {
    return version.empty() ? std::string(otherwise) : version;
  };
  BuiltAdapter built;
  built.clients.push_back(make_client(
      adapters::MeasureOneAdapter::Errors(),
      {{kVersionHeader, version_or(configured.api_version(), adapters::kMeasureOneV2Version)}}));
  built.clients.push_back(make_client(
      adapters::MeasureOneAdapter::Errors(),
      {{kVersionHeader,
        version_or(configured.services_api_version(), adapters::kMeasureOneV3Version)}}));
  rest::Client& v2 = *built.clients[0];
  rest::Client& v3 = *built.clients[1];
  adapters::MeasureOneOptions options;
  if (configured.has_poll_interval()) {
    options.poll_interval = ToDuration(configured.poll_interval());
  }
  built.native_apis.push_back({&adapters::MeasureOneAdapter::DeclarationV2(), &v2});
  built.native_apis.push_back({&adapters::MeasureOneAdapter::DeclarationV3(), &v3});
  built.adapter = std::make_unique<adapters::MeasureOneAdapter>(v2, v3, std::move(options));
  return built;
}

}  // namespace

const std::vector<ProviderRow>& ProviderTable() {
  static const auto* table = new std::vector<ProviderRow>{
      {.id = "openapply",
       .auth_schemes = {"bearer", "oauth2_client"},
       .token = {.credentials_in = auth::CredentialsPlacement::kBasicHeader},
       .learner_external_ids = true,
       .apis = Apis<adapters::OpenApplyAdapter>,
       .build = Build<adapters::OpenApplyAdapter>},
      {.id = "class_enrollment",
       .auth_schemes = {"api_key"},
       .learner_external_ids = true,
       .apis = Apis<adapters::ClassEnrollmentAdapter>,
       .build = Build<adapters::ClassEnrollmentAdapter>},
      {.id = "measureone",
       .auth_schemes = {"bearer", "oauth2_client"},
       .options = {"api_version", "services_api_version", "poll_interval"},
       .token = {.credentials_in = auth::CredentialsPlacement::kBasicHeader,
                 .request_body = auth::TokenRequestBody::kJson},
       .webhooks = true,
       .apis = MeasureOneApis,
       .build = BuildMeasureOne},
      {.id = "edx_enterprise",
       .auth_schemes = {"oauth2_client"},
       .options = {"enterprise_customer_uuid", "response_format", "page_size",
                   "bulk_enrollment_limit"},
       .token = {.token_type = "jwt", .header_scheme = "JWT", .forbidden_is_rate_limit = true},
       .learner_external_ids = true,
       .apis = Apis<adapters::EdxAdapter>,
       .build = BuildEdx},
  };
  return *table;
}

std::vector<adapters::NativeMethod> DeclaredMethods() {
  std::vector<adapters::NativeMethod> methods;
  for (const ProviderRow& row : ProviderTable()) {
    for (const rest::Api* api : row.apis()) {
      for (const rest::Operation& operation : api->operations()) {
        methods.push_back({.descriptor = &operation.descriptor(), .name = &operation.name()});
      }
    }
  }
  return methods;
}

const ProviderRow* FindProvider(absl::string_view id) {
  for (const ProviderRow& row : ProviderTable()) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

}  // namespace edugate::app
