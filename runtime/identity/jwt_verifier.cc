#include "runtime/identity/jwt_verifier.h"

#include <algorithm>
#include <utility>

#include "runtime/config/secret.h"
#include "runtime/identity/jwt.h"

namespace edugate::identity {
namespace {

// The most keys that are tried for a token that names none.
constexpr size_t kMaxTries = 8;

}  // namespace

absl::Status CheckClaims(const Jwt& jwt, const JwtRules& rules, absl::Time now) {
  if (!jwt.expiry.has_value()) return absl::UnauthenticatedError("the token never expires");
  if (now >= *jwt.expiry + rules.clock_skew) {
    return absl::UnauthenticatedError("the token has expired");
  }
  if (jwt.not_before.has_value() && now + rules.clock_skew < *jwt.not_before) {
    return absl::UnauthenticatedError("the token's time has not come");
  }
  if (jwt.issuer != rules.issuer)
    return absl::UnauthenticatedError("the token's issuer is another");
  if (std::find(jwt.audience.begin(), jwt.audience.end(), rules.audience) == jwt.audience.end()) {
    return absl::UnauthenticatedError("the token is for another audience");
  }
  if (jwt.caller.empty()) return absl::UnauthenticatedError("the token names no caller");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<JwtVerifier>> JwtVerifier::Open(JwtRules rules,
                                                               const async::Clock* clock) {
  auto file = config::RotatingSecret::Open(
      config::SecretSource::File(rules.jwks_file),
      [](absl::string_view text) { return JwkSet::Parse(text).status(); }, clock);
  if (!file.ok()) return file.status();
  return std::unique_ptr<JwtVerifier>(new JwtVerifier(std::move(rules), *std::move(file), clock));
}

JwtVerifier::JwtVerifier(JwtRules rules, std::unique_ptr<config::RotatingSecret> file,
                         const async::Clock* clock)
    : rules_(std::move(rules)), file_(std::move(file)), clock_(clock) {}

std::shared_ptr<const JwkSet> JwtVerifier::Keys() {
  std::shared_ptr<const config::Secret> text = file_->Get();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (text == text_) return keys_;
  // The file has been read before as a good one.
  auto parsed = JwkSet::Parse(text->Reveal());
  if (parsed.ok()) keys_ = std::make_shared<const JwkSet>(*std::move(parsed));
  text_ = std::move(text);
  memory_.Clear();
  return keys_;
}

absl::StatusOr<std::shared_ptr<const std::string>> JwtVerifier::Verify(absl::string_view token) {
  if (token.size() > kMaxJwtBytes) return absl::UnauthenticatedError("the token is too long");
  // First, so that a token of a key that has gone is forgotten.
  const std::shared_ptr<const JwkSet> keys = Keys();
  const absl::Time now = clock_->WallNow();
  const TokenDigest digest = DigestOf(token);
  if (auto known = memory_.Find(digest, now)) return known;
  const auto jwt = ReadJwt(token, rules_.caller_claim);
  if (!jwt.has_value()) {
    return absl::UnauthenticatedError("the token is no JSON Web Token that edugate takes");
  }
  const std::vector<const Jwk*> candidates = keys->Candidates(jwt->algorithm, jwt->key_id);
  const auto tried = candidates.begin() + std::min(candidates.size(), kMaxTries);
  const bool genuine = std::any_of(candidates.begin(), tried, [&](const Jwk* key) {
    return key->Verify(jwt->algorithm, jwt->signed_text, jwt->signature);
  });
  if (!genuine) return absl::UnauthenticatedError("no key of the set has signed the token");
  absl::Status believed = CheckClaims(*jwt, rules_, now);
  if (!believed.ok()) return believed;
  auto caller = std::make_shared<const std::string>(jwt->caller);
  const std::lock_guard<std::mutex> lock(mutex_);
  // Under the lock, since the keys may have changed meanwhile.
  if (keys_ == keys) {
    memory_.Remember(digest, caller, std::min(*jwt->expiry + rules_.clock_skew, now + kMemory));
  }
  return caller;
}

}  // namespace edugate::identity
