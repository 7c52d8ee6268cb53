// At the door: who calls, and whether the call may begin.
#ifndef SERVICES_ADMISSION_H_
#define SERVICES_ADMISSION_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/identity/jwt_verifier.h"
#include "services/caller_policy.h"
#include "services/parts_of_call.h"

namespace edugate::services {

// The metadata with which a call says what it is for.
inline constexpr char kPurposeKey[] = "edugate-purpose";
inline constexpr size_t kMaxPurposeBytes = 200;

// The callers of one configuration.
struct Callers {
  Callers(std::vector<GrantRule> grants, std::shared_ptr<identity::JwtVerifier> accepted)
      : policy(std::move(grants)), tokens(std::move(accepted)) {}

  const CallerPolicy policy;
  const std::shared_ptr<identity::JwtVerifier> tokens;  // null: no token is accepted
};

// What is known of a caller before the policy is asked.
struct CallerCredentials {
  std::vector<std::string> authorization;  // the values of that metadata
  // The URI names, DNS names and common name of a certificate that was verified.
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::string common_name;
};

// The names by which the caller is known, the first of which stands in logs: `jwt:NAME`, or else
// `cert:NAME` for each URI and DNS name, or else for the common name. CALLER_UNAUTHENTICATED where
// there is none, or a token that isn't to be believed. Nothing of a token is in the error.
absl::StatusOr<std::vector<std::string>> NamesOf(const CallerCredentials& credentials,
                                                 identity::JwtVerifier* tokens);

// The purpose among the values of its metadata; empty for none. ARGUMENT_INVALID.
absl::StatusOr<std::string> PurposeOf(const std::vector<std::string>& values);

// The values that the caller's metadata has for the key.
std::vector<std::string> MetadataValues(const grpc::ServerContextBase& context, const char* key);

// Judges each call by the callers of the footing that it then stands on (ServiceParts::callers).
// Thread-safe.
class Admission {
 public:
  // `current` outlives the object.
  explicit Admission(const CurrentFooting& current) : parts_(current) {}

  // Puts `call` on the current footing, so that its rights and what it does are of one
  // configuration, and notes the caller, its rights and its purpose in it. `method` is as
  // CallerPolicy::Decide has it. CALLER_UNAUTHENTICATED, CALLER_DENIED, ARGUMENT_INVALID: the call
  // must not begin.
  absl::Status Admit(const grpc::ServerContextBase& context, absl::string_view method,
                     async::CallContext& call) const;

  // What a call of reflection may be shown; notes the caller in `call`. CALLER_UNAUTHENTICATED
  // where nobody is known to call.
  class View {
   public:
    // Whether a provider's service is shown. Others always are.
    bool Shows(absl::string_view service) const;

   private:
    friend class Admission;
    std::shared_ptr<const Callers> callers_;  // null: everything
    std::vector<std::string> names_;
  };
  absl::StatusOr<View> ViewOf(const grpc::ServerContextBase& context,
                              async::CallContext& call) const;

 private:
  const PartsOfCall parts_;
};

}  // namespace edugate::services

#endif  // SERVICES_ADMISSION_H_
