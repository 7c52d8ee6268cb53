#include "adapters/measureone/measureone_transcript_access.h"

#include <openssl/crypto.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/resource_name.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

constexpr int kAccepted = 202;

// Overwrites a copy of a credential before its memory is given back.
void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

// Wipes the credentials of a request at the end of their use, however the call ends.
class AccessSecrets {
 public:
  explicit AccessSecrets(m1::AccessTranscriptRequest& request) : request_(request) {}
  AccessSecrets(const AccessSecrets&) = delete;
  AccessSecrets& operator=(const AccessSecrets&) = delete;
  ~AccessSecrets() {
    Wipe(request_.mutable_username());
    Wipe(request_.mutable_password());
  }

 private:
  m1::AccessTranscriptRequest& request_;
};

class MfaSecret {
 public:
  explicit MfaSecret(m1::VerifyMfaRequest& request) : request_(request) {}
  MfaSecret(const MfaSecret&) = delete;
  MfaSecret& operator=(const MfaSecret&) = delete;
  ~MfaSecret() { Wipe(request_.mutable_mfa_token()); }

 private:
  m1::VerifyMfaRequest& request_;
};

// The id of a school, given as a resource name or as the provider's id.
absl::StatusOr<std::string> SchoolIdOf(const std::string& school, absl::string_view connection) {
  if (school.empty()) return errors::ArgumentInvalid("school", "is required");
  if (!absl::StartsWith(school, "connections/")) return school;
  auto name = ParseName("school", Resource::kSchool, school);
  if (!name.ok()) return name.status();
  if (name->connection != connection) {
    return errors::ArgumentInvalid("school", "belongs to another connection than parent");
  }
  return name->id();
}

}  // namespace

TranscriptAccess::TranscriptAccess(rest::Client& client, const rest::Operation& access,
                                   const rest::Operation& verify_mfa)
    : client_(client), access_(access), verify_mfa_(verify_mfa) {}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> TranscriptAccess::Start(
    async::CallContext& call, const Routed<v1::StartTranscriptAccessRequest>& routed) {
  const v1::StartTranscriptAccessRequest& asked = routed.request;
  std::vector<errors::FieldViolation> missing;
  if (asked.school().empty()) missing.push_back({"school", "is required"});
  if (asked.username().empty()) missing.push_back({"username", "is required"});
  if (asked.password().empty()) missing.push_back({"password", "is required"});
  if (asked.external_id().empty()) missing.push_back({"external_id", "is required"});
  if (!missing.empty()) co_return errors::ArgumentsInvalid(missing);
  auto school = SchoolIdOf(asked.school(), client_.connection());
  if (!school.ok()) co_return school.status();
  if (asked.validate_only()) co_return v1::TranscriptAccessSession();

  m1::AccessTranscriptRequest request;
  const AccessSecrets wiped(request);
  request.set_external_id(asked.external_id());
  request.set_school_id(*school);
  request.set_username(asked.username());
  request.set_password(asked.password());
  m1::TranscriptSession session;
  rest::ReplyInfo info;
  absl::Status status = co_await client_.CallInto(call, access_, request, session, &info);
  if (!status.ok()) {
    co_return errors::WithResource(status, PatternOf(Resource::kSchool).type,
                                   MakeName<Resource::kSchool>(client_.connection(), *school));
  }
  if (session.session_id().empty()) {
    co_return errors::ProviderResponseInvalid("session_id is missing", client_.OriginOf(access_));
  }
  co_return ToSession(session, client_.connection(),
                      info.http_status == kAccepted ? v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED
                                                    : v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> TranscriptAccess::SubmitMfa(
    async::CallContext& call, const Routed<v1::SubmitTranscriptAccessMfaRequest>& routed) {
  const v1::SubmitTranscriptAccessMfaRequest& asked = routed.request;
  if (asked.mfa_token().empty()) co_return errors::ArgumentInvalid("mfa_token", "is required");
  m1::TranscriptSession session;
  session.set_session_id(routed.name.id());
  if (asked.validate_only()) {
    co_return ToSession(session, client_.connection(), v1::TRANSCRIPT_ACCESS_STATE_UNSPECIFIED);
  }
  m1::VerifyMfaRequest request;
  const MfaSecret wiped(request);
  request.set_session_id(routed.name.id());
  request.set_mfa_token(asked.mfa_token());
  m1::TranscriptSession reply;
  rest::ReplyInfo info;
  absl::Status status = co_await client_.CallInto(call, verify_mfa_, request, reply, &info);
  if (!status.ok()) {
    co_return errors::WithResource(status, PatternOf(Resource::kTranscriptAccessSession).type,
                                   asked.name());
  }
  // The session stays the one that was asked for, whatever the echo says.
  co_return ToSession(session, client_.connection(),
                      info.http_status == kAccepted ? v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED
                                                    : v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
}

}  // namespace edugate::adapters
