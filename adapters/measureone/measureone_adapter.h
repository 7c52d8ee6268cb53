// MeasureOne behind the ports: transcripts (API v2), enrollment status (API v3) and webhooks.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_ADAPTER_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_ADAPTER_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "adapters/connection.h"
#include "adapters/measureone/measureone_transcript_access.h"
#include "adapters/measureone/measureone_verification.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

// What a connection can choose, and what the adapter needs of the process.
struct MeasureOneOptions {
  // The first pause between two looks of VerifyEnrollment with `wait`. Each further pause is twice
  // the one before, up to max_poll_interval; towards the caller's deadline they are shorter.
  absl::Duration poll_interval = absl::Seconds(1);
  absl::Duration max_poll_interval = absl::Seconds(15);
  // A new boundary for each upload: letters and digits that occur in no file.
  std::function<std::string()> make_boundary;  // random where it is null
};

// The `version` headers that the two APIs are called with unless configured otherwise: the clients
// send them.
inline constexpr char kMeasureOneV2Version[] = "2020011001";
inline constexpr char kMeasureOneV3Version[] = "3";

class MeasureOneAdapter final : public Adapter {
 public:
  // The declared APIs, compiled.
  static const rest::Api& DeclarationV2();
  static const rest::Api& DeclarationV3();
  // The dialects of failure.
  static const rest::ErrorClassifier& Errors();

  // The clients, of one connection and base URL, outlive the adapter. They send the `version`
  // header.
  MeasureOneAdapter(rest::Client& v2, rest::Client& v3, MeasureOneOptions options = {});

  Ports ports() override;

 private:
  async::Task<absl::StatusOr<v1::Transcript>> CreateTranscript(
      async::CallContext& call, const Routed<v1::CreateTranscriptRequest>& routed);
  async::Task<absl::StatusOr<v1::Transcript>> GetTranscript(
      async::CallContext& call, const Routed<v1::GetTranscriptRequest>& routed);
  async::Task<absl::StatusOr<v1::TranscriptScore>> ScoreTranscript(
      async::CallContext& call, const Routed<v1::ScoreTranscriptRequest>& routed);
  async::Task<absl::StatusOr<std::string>> ListSchools(
      async::CallContext& call, const SchoolQuery& query,
      google::protobuf::RepeatedPtrField<v1::School>& into);
  async::Task<absl::StatusOr<ProbeResult>> CheckConnection(async::CallContext& call, const Probe&);

  // A score as the provider's call gives it, or NOT_READY where the transcript is why it doesn't.
  async::Task<absl::StatusOr<v1::TranscriptScore>> Score(
      async::CallContext& call, const v1::ScoreTranscriptRequest& request,
      const provider::measureone::v2::ScoreRequest& score);
  async::Task<absl::Status> WhyNotScored(async::CallContext& call, const rest::Operation& operation,
                                         std::string id, absl::Status refused);

  rest::Client& v2_;
  const MeasureOneOptions options_;
  const rest::Operation& create_;
  const rest::Operation& upload_;
  const rest::Operation& get_;
  const rest::Operation& get_digest_;
  const rest::Operation& get_summary_;
  const rest::Operation& get_files_;
  const rest::Operation& merit_score_;
  const rest::Operation& grad_score_;
  const rest::Operation& schools_;
  TranscriptAccess access_;
  EnrollmentVerifier verifier_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_ADAPTER_H_
