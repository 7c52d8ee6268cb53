#include "runtime/auth/static_authorizer.h"

#include "absl/strings/str_cat.h"
#include "runtime/auth/credential_header.h"
#include "runtime/auth/open_secret.h"

namespace edugate::auth {

absl::StatusOr<std::unique_ptr<Authorizer>> StaticAuthorizer::Bearer(BearerOptions options,
                                                                     const async::Clock* clock) {
  auto token = OpenSecret("token", std::move(options.token), CheckToken, clock);
  if (!token.ok()) return token.status();
  return std::unique_ptr<Authorizer>(
      new StaticAuthorizer("Authorization", "Bearer ", nullptr, *std::move(token)));
}

absl::StatusOr<std::unique_ptr<Authorizer>> StaticAuthorizer::ApiKey(ApiKeyOptions options,
                                                                     const async::Clock* clock) {
  absl::Status header = NamePart("header", CheckHeaderName(options.header));
  if (!header.ok()) return header;
  auto key = OpenSecret("key", std::move(options.key), CheckHeaderValue, clock);
  if (!key.ok()) return key.status();
  return std::unique_ptr<Authorizer>(
      new StaticAuthorizer(std::move(options.header), "", nullptr, *std::move(key)));
}

absl::StatusOr<std::unique_ptr<Authorizer>> StaticAuthorizer::Basic(BasicOptions options,
                                                                    const async::Clock* clock) {
  auto user = OpenSecret("username", std::move(options.username), CheckBasicUser, clock);
  if (!user.ok()) return user.status();
  auto password = OpenSecret("password", std::move(options.password), CheckBasicPassword, clock);
  if (!password.ok()) return password.status();
  return std::unique_ptr<Authorizer>(
      new StaticAuthorizer("Authorization", "", *std::move(user), *std::move(password)));
}

async::Task<absl::Status> StaticAuthorizer::Authorize(async::CallContext& call,
                                                      http::Request& request) {
  (void)call;
  request.SetHeader(header_, Value(/*fresh=*/false));
  co_return absl::OkStatus();
}

bool StaticAuthorizer::OnRefused(const http::Request& request) {
  const absl::string_view sent = HeaderOf(request, header_);
  return !sent.empty() && sent != Value(/*fresh=*/true);
}

std::string StaticAuthorizer::Value(bool fresh) {
  const auto secret = fresh ? secret_->GetFresh() : secret_->Get();
  if (user_ == nullptr) return absl::StrCat(prefix_, secret->Reveal());
  const auto user = fresh ? user_->GetFresh() : user_->Get();
  return BasicCredentials(user->Reveal(), secret->Reveal());
}

}  // namespace edugate::auth
