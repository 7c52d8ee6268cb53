#include "services/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

constexpr char kAuthorizationKey[] = "authorization";
constexpr absl::string_view kBearer = "bearer ";

// What gRPC's authentication context calls the names of a certificate.
constexpr char kUriProperty[] = "peer_uri";
constexpr char kDnsProperty[] = "peer_dns";

constexpr size_t kMaxNameBytes = 256;

bool IsVisible(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

// Adds the names that can stand in a log and in a grant.
void AddNames(const std::vector<std::string>& from, std::vector<std::string>& names) {
  for (const std::string& name : from) {
    if (name.empty() || name.size() > kMaxNameBytes || !IsVisible(name)) continue;
    names.push_back(absl::StrCat("cert:", name));
  }
}

std::vector<std::string> Properties(const grpc::AuthContext& context, const char* name) {
  std::vector<std::string> values;
  for (const grpc::string_ref& value : context.FindPropertyValues(name)) {
    values.emplace_back(value.data(), value.size());
  }
  return values;
}

CallerCredentials CredentialsOf(const grpc::ServerContextBase& context) {
  CallerCredentials credentials;
  credentials.authorization = MetadataValues(context, kAuthorizationKey);
  if (!credentials.authorization.empty()) return credentials;
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return credentials;
  credentials.uris = Properties(*peer, kUriProperty);
  credentials.dns_names = Properties(*peer, kDnsProperty);
  const std::vector<std::string> common = Properties(*peer, GRPC_X509_CN_PROPERTY_NAME);
  if (!common.empty()) credentials.common_name = common.front();
  return credentials;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> NamesOf(const CallerCredentials& credentials,
                                                 identity::JwtVerifier* tokens) {
  std::vector<std::string> names;
  if (!credentials.authorization.empty()) {
    if (tokens == nullptr) return errors::CallerUnauthenticated("no tokens are accepted");
    if (credentials.authorization.size() > 1) {
      return errors::CallerUnauthenticated("the metadata authorization must be given once");
    }
    absl::string_view token = credentials.authorization.front();
    if (!absl::StartsWithIgnoreCase(token, kBearer)) {
      return errors::CallerUnauthenticated("the metadata authorization must be `Bearer TOKEN`");
    }
    token.remove_prefix(kBearer.size());
    auto caller = tokens->Verify(token);
    if (!caller.ok()) return errors::CallerUnauthenticated(caller.status().message());
    names.push_back(absl::StrCat("jwt:", **caller));
    return names;
  }
  AddNames(credentials.uris, names);
  AddNames(credentials.dns_names, names);
  if (names.empty()) AddNames({credentials.common_name}, names);
  if (!names.empty()) return names;
  return errors::CallerUnauthenticated(
      tokens == nullptr ? "a client certificate is needed"
                        : "a token in the metadata authorization, or a client certificate, is "
                          "needed");
}

absl::StatusOr<std::string> PurposeOf(const std::vector<std::string>& values) {
  if (values.empty()) return std::string();
  if (values.size() > 1) return errors::ArgumentInvalid(kPurposeKey, "must be given once");
  if (values.front().size() > kMaxPurposeBytes || !IsPrintable(values.front())) {
    return errors::ArgumentInvalid(kPurposeKey, absl::StrCat("must be at most ", kMaxPurposeBytes,
                                                             " printable ASCII characters"));
  }
  return values.front();
}

std::vector<std::string> MetadataValues(const grpc::ServerContextBase& context, const char* key) {
  std::vector<std::string> values;
  const auto [begin, end] = context.client_metadata().equal_range(key);
  for (auto each = begin; each != end; ++each) {
    values.emplace_back(each->second.data(), each->second.size());
  }
  return values;
}

absl::Status Admission::Admit(const grpc::ServerContextBase& context, absl::string_view method,
                              async::CallContext& call) const {
  auto purpose = PurposeOf(MetadataValues(context, kPurposeKey));
  if (!purpose.ok()) return purpose.status();
  call.set_purpose(*std::move(purpose));
  const Callers* const callers = parts_(call).callers.get();
  if (callers == nullptr) return absl::OkStatus();
  auto names = NamesOf(CredentialsOf(context), callers->tokens.get());
  if (!names.ok()) return names.status();
  call.set_caller(names->front());
  CallerPolicy::Decision decision =
      callers->policy.Decide(*names, method, /*has_purpose=*/!call.purpose().empty());
  if (decision.rights == nullptr) {
    return errors::CallerDenied(decision.needs_purpose
                                    ? "the caller may call the method for a purpose only, which "
                                      "the metadata edugate-purpose says"
                                    : "the caller's grants don't cover the method",
                                method, "");
  }
  call.set_caller_data(std::move(decision.rights));
  return absl::OkStatus();
}

bool Admission::View::Shows(absl::string_view service) const {
  return callers_ == nullptr || !absl::StartsWith(service, kNativePrefix) ||
         callers_->policy.MayUseService(names_, service);
}

absl::StatusOr<Admission::View> Admission::ViewOf(const grpc::ServerContextBase& context,
                                                  async::CallContext& call) const {
  View view;
  view.callers_ = parts_(call).callers;
  if (view.callers_ == nullptr) return view;
  auto names = NamesOf(CredentialsOf(context), view.callers_->tokens.get());
  if (!names.ok()) return names.status();
  call.set_caller(names->front());
  view.names_ = *std::move(names);
  return view;
}

}  // namespace edugate::services
