#include "runtime/auth/oauth2_client_authorizer.h"

#include <string>
#include <utility>

#include "runtime/auth/credential_header.h"
#include "runtime/auth/token_endpoint.h"

namespace edugate::auth {
namespace {

constexpr char kHeader[] = "Authorization";

// Tells a listener of each fetch.
class ObservedFetcher final : public TokenFetcher {
 public:
  ObservedFetcher(std::shared_ptr<TokenFetcher> fetcher, FetchListener listener,
                  const async::Clock& clock)
      : fetcher_(std::move(fetcher)), listener_(std::move(listener)), clock_(clock) {}

  async::Task<FetchResult> Fetch(async::CallContext& call) override {
    const async::MonotonicTime begun = clock_.MonotonicNow();
    FetchResult result = co_await fetcher_->Fetch(call);
    listener_(std::holds_alternative<Token>(result),
              absl::FromChrono(clock_.MonotonicNow() - begun));
    co_return result;
  }

 private:
  const std::shared_ptr<TokenFetcher> fetcher_;
  const FetchListener listener_;
  const async::Clock& clock_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authorizer>> OAuth2ClientAuthorizer::Make(
    OAuth2ClientOptions options, errors::Origin origin, http::HttpClient* http,
    const async::Clock* clock, FetchListener on_fetch) {
  const TokenUse use = options.use;
  auto endpoint = TokenEndpoint::Make(std::move(options), http, clock);
  if (!endpoint.ok()) return endpoint.status();
  std::shared_ptr<TokenFetcher> fetcher = *std::move(endpoint);
  if (on_fetch) {
    fetcher = std::make_shared<ObservedFetcher>(std::move(fetcher), std::move(on_fetch), *clock);
  }
  return std::unique_ptr<Authorizer>(
      std::make_unique<OAuth2ClientAuthorizer>(std::move(fetcher), use, std::move(origin), clock));
}

OAuth2ClientAuthorizer::OAuth2ClientAuthorizer(std::shared_ptr<TokenFetcher> fetcher,
                                               const TokenUse& use, errors::Origin origin,
                                               const async::Clock* clock)
    : cache_(std::move(fetcher), use, std::move(origin), clock) {}

async::Task<absl::Status> OAuth2ClientAuthorizer::Authorize(async::CallContext& call,
                                                            http::Request& request) {
  auto token = co_await cache_.Get(call);
  if (!token.ok()) co_return token.status();
  request.SetHeader(kHeader, std::string((*token)->authorization.Reveal()));
  co_return absl::OkStatus();
}

bool OAuth2ClientAuthorizer::OnRefused(const http::Request& request) {
  const absl::string_view sent = HeaderOf(request, kHeader);
  if (sent.empty()) return false;
  cache_.Drop(sent);
  return true;
}

}  // namespace edugate::auth
