#include "app/provider_table.h"

#include "adapters/class_enrollment/class_enrollment_adapter.h"
#include "adapters/openapply/openapply_adapter.h"

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

}  // namespace

const std::vector<ProviderRow>& ProviderTable() {
  static const auto* table = new std::vector<ProviderRow>{
      {.id = "openapply",
       .auth_schemes = {"bearer", "oauth2_client"},
       .token = {.credentials_in = auth::CredentialsPlacement::kBasicHeader},
       .build = Build<adapters::OpenApplyAdapter>},
      {.id = "class_enrollment",
       .auth_schemes = {"api_key"},
       .build = Build<adapters::ClassEnrollmentAdapter>},
  };
  return *table;
}

const ProviderRow* FindProvider(absl::string_view id) {
  for (const ProviderRow& row : ProviderTable()) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

}  // namespace edugate::app
