// edugate.v1.TranscriptService: validates, routes to a connection, replies.
#ifndef SERVICES_TRANSCRIPT_SERVICE_H_
#define SERVICES_TRANSCRIPT_SERVICE_H_

#include <memory>
#include <utility>

#include "edugate/v1/transcript_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/client_stream.h"
#include "services/parts_of_call.h"
#include "services/stream_writer.h"

namespace edugate::services {

// The service's methods, without gRPC.
class TranscriptHandlers {
 public:
  explicit TranscriptHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  async::Task<absl::StatusOr<v1::Transcript>> CreateTranscript(
      async::CallContext& call, const v1::CreateTranscriptRequest& request);
  async::Task<absl::StatusOr<v1::Transcript>> GetTranscript(
      async::CallContext& call, const v1::GetTranscriptRequest& request);
  async::Task<absl::StatusOr<v1::TranscriptScore>> ScoreTranscript(
      async::CallContext& call, const v1::ScoreTranscriptRequest& request);
  async::Task<absl::StatusOr<v1::TranscriptAccessSession>> StartTranscriptAccess(
      async::CallContext& call, const v1::StartTranscriptAccessRequest& request);
  async::Task<absl::StatusOr<v1::TranscriptAccessSession>> SubmitTranscriptAccessMfa(
      async::CallContext& call, const v1::SubmitTranscriptAccessMfaRequest& request);
  async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>> UploadTranscriptFiles(
      async::CallContext& call, ClientStream<v1::UploadTranscriptFilesRequest>& files);
  async::Task<absl::Status> DownloadTranscriptFiles(
      async::CallContext& call, const v1::DownloadTranscriptFilesRequest& request,
      StreamWriter<v1::DownloadTranscriptFilesResponse>& writer);
  async::Task<absl::Status> WatchTranscriptEvents(async::CallContext& call,
                                                  const v1::WatchTranscriptEventsRequest& request,
                                                  StreamWriter<v1::TranscriptEvent>& writer);
  async::Task<absl::Status> ListSchools(async::CallContext& call,
                                        const v1::ListSchoolsRequest& request,
                                        v1::ListSchoolsResponse& response);

 private:
  const PartsOfCall parts_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeTranscriptService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_TRANSCRIPT_SERVICE_H_
