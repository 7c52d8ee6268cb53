#include "runtime/identity/jwt.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "nlohmann/json.hpp"
#include "runtime/identity/base64url.h"

namespace edugate::identity {
namespace {

using nlohmann::json;

// 1 January 10000: no sensible time is later, and no arithmetic overflows before it.
constexpr double kMostSeconds = 253402300800.0;

// The JSON object of a token's part. A name that stands twice makes it unreadable: another reader
// may have taken the other value.
std::optional<json> ReadObject(absl::string_view part) {
  const auto bytes = DecodeBase64Url(part);
  if (!bytes.has_value()) return std::nullopt;
  std::vector<absl::flat_hash_set<std::string>> names;
  bool twice = false;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key) {
      twice |= !names.back().insert(parsed.get_ref<const std::string&>()).second;
    }
    return true;
  };
  json object = json::parse(*bytes, watch, /*allow_exceptions=*/false);
  if (twice || !object.is_object()) return std::nullopt;
  return object;
}

// False where the claim is there and no text.
bool ReadText(const json& object, const char* name, std::string& out) {
  const auto found = object.find(name);
  if (found == object.end()) return true;
  if (!found->is_string()) return false;
  out = found->get<std::string>();
  return true;
}

// False where the claim is there and no time (NumericDate).
bool ReadTime(const json& object, const char* name, std::optional<absl::Time>& out) {
  const auto found = object.find(name);
  if (found == object.end()) return true;
  if (!found->is_number()) return false;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= kMostSeconds)) return false;
  out = absl::UnixEpoch() + absl::Seconds(seconds);
  return true;
}

bool ReadAudience(const json& object, std::vector<std::string>& out) {
  const auto found = object.find("aud");
  if (found == object.end()) return true;
  if (found->is_string()) {
    out.push_back(found->get<std::string>());
    return true;
  }
  if (!found->is_array()) return false;
  for (const json& each : *found) {
    if (!each.is_string()) return false;
    out.push_back(each.get<std::string>());
  }
  return true;
}

// Whether the text can stand in a log and in a grant.
bool IsCallerName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxCallerNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::optional<Jwt> ReadJwt(absl::string_view token, const std::string& caller_claim) {
  if (token.size() > kMaxJwtBytes) return std::nullopt;
  const size_t first = token.find('.');
  const size_t second = first == absl::string_view::npos ? first : token.find('.', first + 1);
  if (second == absl::string_view::npos || token.find('.', second + 1) != absl::string_view::npos) {
    return std::nullopt;
  }
  const auto header = ReadObject(token.substr(0, first));
  if (!header.has_value() || header->contains("crit")) return std::nullopt;
  Jwt jwt;
  std::string algorithm;
  if (!ReadText(*header, "alg", algorithm) || !ReadText(*header, "kid", jwt.key_id)) {
    return std::nullopt;
  }
  const auto known = AlgorithmNamed(algorithm);
  if (!known.has_value()) return std::nullopt;
  jwt.algorithm = *known;
  auto signature = DecodeBase64Url(token.substr(second + 1));
  if (!signature.has_value() || signature->empty()) return std::nullopt;
  jwt.signature = *std::move(signature);
  jwt.signed_text = token.substr(0, second);

  const auto claims = ReadObject(token.substr(first + 1, second - first - 1));
  if (!claims.has_value()) return std::nullopt;
  std::optional<absl::Time> not_before;
  const bool read = ReadText(*claims, "iss", jwt.issuer) && ReadAudience(*claims, jwt.audience) &&
                    ReadTime(*claims, "exp", jwt.expiry) && ReadTime(*claims, "nbf", not_before) &&
                    ReadText(*claims, caller_claim.c_str(), jwt.caller);
  if (!read) return std::nullopt;
  jwt.not_before = not_before;
  if (!IsCallerName(jwt.caller)) jwt.caller.clear();
  return jwt;
}

}  // namespace edugate::identity
