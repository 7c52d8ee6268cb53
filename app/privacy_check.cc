#include "app/privacy_check.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "app/auth_options.h"
#include "app/duration.h"
#include "runtime/http/address_filter.h"
#include "runtime/privacy/disclosure_chain.h"

namespace edugate::app {
namespace {

constexpr int64_t kLeastFileBytes = 65536;
constexpr int64_t kMostFileBytes = 17179869184;
constexpr absl::Duration kLeastConnectTimeout = absl::Milliseconds(50);
constexpr absl::Duration kMostConnectTimeout = absl::Minutes(1);

void CheckDisclosure(const v1::DisclosureConfig& disclosure, const NoteMistake& note) {
  if (disclosure.path().empty()) {
    note("disclosure.path", "is missing");
  } else {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(disclosure.path()).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
      note("disclosure.path", "needs a folder that exists");
    }
  }
  if (disclosure.has_chain_key()) {
    const auto key = ToSecretSource(disclosure.chain_key()).Read();
    if (!key.ok()) {
      note("disclosure.chain_key", key.status().message());
    } else if (key->Reveal().size() < privacy::kMinChainKeyBytes) {
      note("disclosure.chain_key",
           absl::StrCat("needs at least ", privacy::kMinChainKeyBytes, " bytes"));
    }
  }
  const int64_t size = disclosure.max_file_bytes();
  if (size != 0 && (size < kLeastFileBytes || size > kMostFileBytes)) {
    note("disclosure.max_file_bytes",
         absl::StrCat("must be from ", kLeastFileBytes, " to ", kMostFileBytes));
  }
}

void CheckHttp(const v1::HttpConfig& http, const std::string& key, const NoteMistake& note) {
  if (http.has_connect_timeout()) {
    const absl::Duration timeout = ToDuration(http.connect_timeout());
    if (timeout < kLeastConnectTimeout || timeout > kMostConnectTimeout) {
      note(absl::StrCat(key, ".connect_timeout"),
           absl::StrCat("must be from ", absl::FormatDuration(kLeastConnectTimeout), " to ",
                        absl::FormatDuration(kMostConnectTimeout)));
    }
  }
  if (!http.ca_file().empty() && !std::ifstream(http.ca_file()).good()) {
    note(absl::StrCat(key, ".ca_file"), "can't be read");
  }
  for (int i = 0; i < http.allowed_networks_size(); ++i) {
    if (http::Network::Parse(http.allowed_networks(i)).has_value()) continue;
    note(absl::StrCat(key, ".allowed_networks[", i, "]"),
         "needs a network in CIDR form, as 10.2.0.0/16 or fd00:1::/32, without bits beyond its "
         "prefix");
  }
}

}  // namespace

void CheckPrivacy(const v1::Config& config, const NoteMistake& note) {
  if (config.has_disclosure()) CheckDisclosure(config.disclosure(), note);
  for (int i = 0; i < config.connections_size(); ++i) {
    CheckHttp(config.connections(i).http(), absl::StrCat("connections[", i, "].http"), note);
  }
}

}  // namespace edugate::app
