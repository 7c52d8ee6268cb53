#include "sandbox/authorization.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace edugate::sandbox {

bool IsBasicOf(const Request& request, absl::string_view client_id,
               absl::string_view client_secret) {
  return request.Header("authorization") ==
         absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(client_id, ":", client_secret)));
}

std::optional<std::string> BearerToken(const Request& request) {
  const std::string header = request.Header("authorization");
  if (!absl::StartsWithIgnoreCase(header, "bearer ")) return std::nullopt;
  return header.substr(sizeof("bearer ") - 1);
}

void IssuedTokens::Add(const std::string& token, absl::Time end) {
  absl::MutexLock lock(&mutex_);
  ends_[token] = end;
}

bool IssuedTokens::IsGood(const std::string& token, absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  const auto issued = ends_.find(token);
  return issued != ends_.end() && now < issued->second;
}

void IssuedTokens::Clear() {
  absl::MutexLock lock(&mutex_);
  ends_.clear();
}

}  // namespace edugate::sandbox
