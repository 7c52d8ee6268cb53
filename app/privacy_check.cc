#include "app/privacy_check.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "app/auth_options.h"
#include "app/config_ranges.h"
#include "runtime/http/address_filter.h"
#include "runtime/privacy/disclosure_chain.h"

namespace edugate::app {
namespace {

constexpr std::array kDisclosureNumbers = {
    NumberRange{"max_file_bytes", 64 << 10, int64_t{16} << 30},
};
constexpr std::array kHttpSpans = {
    SpanRange{"connect_timeout", absl::Milliseconds(50), absl::Minutes(1)},
    SpanRange{"stall_time", absl::Seconds(1), absl::Minutes(10)},
};
constexpr std::array kHttpNumbers = {NumberRange{"stall_bytes_per_second", 1, 1'000'000}};

void CheckDisclosure(const v1::DisclosureConfig& disclosure, const Mistake& mistake) {
  if (disclosure.path().empty()) {
    mistake("disclosure.path", "is missing");
  } else {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(disclosure.path()).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
      mistake("disclosure.path", "needs a folder that exists");
    }
  }
  if (disclosure.has_chain_key()) {
    const auto key = ToSecretSource(disclosure.chain_key()).Read();
    if (!key.ok()) {
      mistake("disclosure.chain_key", key.status().message());
    } else if (key->Reveal().size() < privacy::kMinChainKeyBytes) {
      mistake("disclosure.chain_key",
              absl::StrCat("needs at least ", privacy::kMinChainKeyBytes, " bytes"));
    }
  }
  CheckNumbers(disclosure, kDisclosureNumbers, "disclosure", mistake);
}

void CheckHttp(const v1::HttpConfig& http, const std::string& key, const Mistake& mistake) {
  CheckSpans(http, kHttpSpans, key, mistake);
  CheckNumbers(http, kHttpNumbers, key, mistake);
  if (http.stall_time().nanos() != 0) {
    mistake(absl::StrCat(key, ".stall_time"), "needs whole seconds");
  }
  if (!http.ca_file().empty() && !std::ifstream(http.ca_file()).good()) {
    mistake(absl::StrCat(key, ".ca_file"), "can't be read");
  }
  for (int i = 0; i < http.allowed_networks_size(); ++i) {
    if (http::Network::Parse(http.allowed_networks(i)).has_value()) continue;
    mistake(absl::StrCat(key, ".allowed_networks[", i, "]"),
            "needs a network in CIDR form, as 10.2.0.0/16 or fd00:1::/32, without bits beyond its "
            "prefix");
  }
}

}  // namespace

void CheckPrivacy(const v1::Config& config, const Mistake& mistake) {
  if (config.has_disclosure()) CheckDisclosure(config.disclosure(), mistake);
  for (int i = 0; i < config.connections_size(); ++i) {
    CheckHttp(config.connections(i).http(), absl::StrCat("connections[", i, "].http"), mistake);
  }
}

}  // namespace edugate::app
