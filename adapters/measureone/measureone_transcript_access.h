// A student's login at a school, from which the provider fetches the transcript: the credentials
// pass through and are wiped.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_ACCESS_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_ACCESS_H_

#include "absl/status/statusor.h"
#include "adapters/ports.h"
#include "edugate/v1/transcript.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

class TranscriptAccess {
 public:
  // `client` and its operations, AccessTranscript and VerifyMfa, outlive it.
  TranscriptAccess(rest::Client& client, const rest::Operation& access,
                   const rest::Operation& verify_mfa);

  async::Task<absl::StatusOr<v1::TranscriptAccessSession>> Start(
      async::CallContext& call, const Routed<v1::StartTranscriptAccessRequest>& routed);
  async::Task<absl::StatusOr<v1::TranscriptAccessSession>> SubmitMfa(
      async::CallContext& call, const Routed<v1::SubmitTranscriptAccessMfaRequest>& routed);

 private:
  rest::Client& client_;
  const rest::Operation& access_;
  const rest::Operation& verify_mfa_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_ACCESS_H_
