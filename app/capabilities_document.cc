#include "app/capabilities_document.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/native_method.h"
#include "app/provider_table.h"
#include "runtime/rest/client.h"
#include "services/capabilities.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;

constexpr char kHead[] = R"(# What each provider supports

Written by `edugate capabilities` from what the adapters register; a test fails where this page isn't what the program
writes: `build/edugate capabilities > docs/capabilities.md`. ConnectionService.ListConnections says the same of each
connection. A method that a provider doesn't have answers UNIMPLEMENTED with the reason OPERATION_NOT_SUPPORTED, and a filter
that it can't apply is refused with FILTER_UNSUPPORTED.
)";

constexpr char kNativeHead[] = R"(
Native methods, where `native_calls.enabled` is configured (metadata `edugate-connection: {connection}`):

| method | at the provider | effect |
|---|---|---|
)";

// A provider with its adapter, which is connected to nothing.
struct Provider {
  const ProviderRow* row;
  BuiltAdapter built;
  adapters::Ports ports;
};

// A configuration with every option that the provider needs.
v1::ConnectionConfig ExampleConfig(const ProviderRow& row) {
  v1::ConnectionConfig config;
  config.set_id("example");
  config.set_provider(row.id);
  v1::ConnectionOptions& options = *config.mutable_options();
  for (const std::string& name : row.required_options) {
    const FieldDescriptor* field = options.GetDescriptor()->FindFieldByName(name);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    options.GetReflection()->SetString(&options, field, "example");
  }
  return config;
}

std::vector<Provider> Providers() {
  std::vector<Provider> providers;
  for (const ProviderRow& row : ProviderTable()) {
    const ClientMaker make_client = [&row](const rest::ErrorClassifier& classifier,
                                           std::vector<http::Header> headers) {
      rest::ClientParts parts;
      parts.connection = "example";
      parts.provider = row.id;
      parts.endpoint.base_url = "https://provider.invalid";
      parts.endpoint.headers = std::move(headers);
      parts.classifier = &classifier;
      return std::make_unique<rest::Client>(std::move(parts));
    };
    Provider provider{.row = &row, .built = row.build(ExampleConfig(row), make_client)};
    provider.ports = provider.built.adapter->ports();
    providers.push_back(std::move(provider));
  }
  std::sort(providers.begin(), providers.end(), [](const Provider& a, const Provider& b) {
    return absl::string_view(a.row->id) < absl::string_view(b.row->id);
  });
  return providers;
}

bool Supports(const Provider& provider, const std::string& method) {
  const std::vector<std::string> supported = services::SupportedMethods(provider.ports);
  return std::find(supported.begin(), supported.end(), method) != supported.end();
}

void AppendOverview(const std::vector<Provider>& providers, std::string& out) {
  absl::StrAppend(&out, "\n| method |");
  for (const Provider& each : providers) absl::StrAppend(&out, " ", each.row->id, " |");
  absl::StrAppend(&out, "\n|---|");
  for (size_t i = 0; i < providers.size(); ++i) absl::StrAppend(&out, "---|");
  absl::StrAppend(&out, "\n");
  for (const std::string& method : services::ProviderMethods()) {
    absl::StrAppend(&out, "| ", method, " |");
    for (const Provider& each : providers) {
      absl::StrAppend(&out, Supports(each, method) ? " yes |" : " |");
    }
    absl::StrAppend(&out, "\n");
  }
}

std::string FilterText(const v1::FilterCapability& filter) {
  return absl::StrCat("`", filter.field(), "` ", absl::StrJoin(filter.operators(), " "), " ",
                      filter.value_type());
}

void AppendMethod(const v1::MethodCapability& method, std::string& out) {
  std::vector<std::string> filters;
  for (const v1::FilterCapability& each : method.filters()) filters.push_back(FilterText(each));
  std::vector<std::string> paths;
  for (const std::string& each : method.update_paths())
    paths.push_back(absl::StrCat("`", each, "`"));
  absl::StrAppend(&out, "| ", method.method(), " | ", method.writes() ? "writes" : "reads", " | ",
                  absl::StrJoin(filters, ", "), " | ", absl::StrJoin(method.learner_keys(), ", "),
                  " | ", method.max_page_size() > 0 ? absl::StrCat(method.max_page_size()) : "",
                  " | ", absl::StrJoin(method.views(), ", "), " | ", absl::StrJoin(paths, ", "),
                  " | ", method.notes(), " |\n");
}

absl::string_view EffectText(rest::v1::Effect effect) {
  switch (effect) {
    case rest::v1::EFFECT_READ:
      return "reads";
    case rest::v1::EFFECT_IDEMPOTENT_WRITE:
      return "writes, may be repeated";
    default:
      return "writes";
  }
}

void AppendNative(const Provider& provider, std::string& out) {
  absl::StrAppend(&out, kNativeHead);
  for (const NativeApi& native : provider.built.native_apis) {
    const auto methods = adapters::NativeMethodsOf(*native.api, *native.client);
    for (size_t i = 0; i < methods.size(); ++i) {
      const rest::Operation& operation = native.api->operations()[i];
      absl::StrAppend(&out, "| ", operation.descriptor().full_name(), " | `", operation.verb(), " ",
                      operation.path().text(), "` | ",
                      methods[i].carries_credentials ? "never called: carries credentials"
                                                     : EffectText(operation.effect()),
                      " |\n");
    }
  }
}

}  // namespace

std::string CapabilitiesDocument() {
  std::string out = kHead;
  const std::vector<Provider> providers = Providers();
  AppendOverview(providers, out);
  for (const Provider& each : providers) {
    absl::StrAppend(&out, "\n## ", each.row->id,
                    "\n\n| method | effect | filters | learner by | records a request | views | "
                    "update paths | notes |\n|---|---|---|---|---|---|---|---|\n");
    for (const auto& method : services::CapabilitiesOf(each.ports)) AppendMethod(method, out);
    AppendNative(each, out);
  }
  return out;
}

}  // namespace edugate::app
