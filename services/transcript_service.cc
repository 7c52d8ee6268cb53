#include "services/transcript_service.h"

#include "edugate/v1/transcript_service.grpc.pb.h"
#include "services/bridge.h"
#include "services/port_calls.h"

namespace edugate::services {
namespace {

using adapters::Ports;
using adapters::Resource;

const ListPort<adapters::SchoolQuery, v1::School> kSchools{
    &Ports::list_schools, &Ports::list_schools_traits, "TranscriptService.ListSchools"};

class TranscriptService final : public v1::TranscriptService::CallbackService {
 public:
  TranscriptService(const ServiceParts& parts, Bridge& bridge)
      : handlers_(parts), bridge_(bridge) {}

  grpc::ServerUnaryReactor* CreateTranscript(grpc::CallbackServerContext* context,
                                             const v1::CreateTranscriptRequest* request,
                                             v1::Transcript* response) override {
    return bridge_.Unary(context, "TranscriptService.CreateTranscript", request, response,
                         handlers_, &TranscriptHandlers::CreateTranscript);
  }
  grpc::ServerUnaryReactor* GetTranscript(grpc::CallbackServerContext* context,
                                          const v1::GetTranscriptRequest* request,
                                          v1::Transcript* response) override {
    return bridge_.Unary(context, "TranscriptService.GetTranscript", request, response, handlers_,
                         &TranscriptHandlers::GetTranscript);
  }
  grpc::ServerUnaryReactor* ScoreTranscript(grpc::CallbackServerContext* context,
                                            const v1::ScoreTranscriptRequest* request,
                                            v1::TranscriptScore* response) override {
    return bridge_.Unary(context, "TranscriptService.ScoreTranscript", request, response, handlers_,
                         &TranscriptHandlers::ScoreTranscript);
  }
  grpc::ServerUnaryReactor* StartTranscriptAccess(grpc::CallbackServerContext* context,
                                                  const v1::StartTranscriptAccessRequest* request,
                                                  v1::TranscriptAccessSession* response) override {
    return bridge_.Unary(context, "TranscriptService.StartTranscriptAccess", request, response,
                         handlers_, &TranscriptHandlers::StartTranscriptAccess);
  }
  grpc::ServerUnaryReactor* SubmitTranscriptAccessMfa(
      grpc::CallbackServerContext* context, const v1::SubmitTranscriptAccessMfaRequest* request,
      v1::TranscriptAccessSession* response) override {
    return bridge_.Unary(context, "TranscriptService.SubmitTranscriptAccessMfa", request, response,
                         handlers_, &TranscriptHandlers::SubmitTranscriptAccessMfa);
  }
  grpc::ServerUnaryReactor* ListSchools(grpc::CallbackServerContext* context,
                                        const v1::ListSchoolsRequest* request,
                                        v1::ListSchoolsResponse* response) override {
    return bridge_.Unary(context, "TranscriptService.ListSchools", request, response, handlers_,
                         &TranscriptHandlers::ListSchools);
  }

 private:
  TranscriptHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

async::Task<absl::StatusOr<v1::Transcript>> TranscriptHandlers::CreateTranscript(
    async::CallContext& call, const v1::CreateTranscriptRequest& request) {
  return WriteThroughPort(call, parts_, {"parent", Resource::kConnection, request.parent()},
                          &Ports::create_transcript, request);
}

async::Task<absl::StatusOr<v1::Transcript>> TranscriptHandlers::GetTranscript(
    async::CallContext& call, const v1::GetTranscriptRequest& request) {
  return CallPort(call, parts_, {"name", Resource::kTranscript, request.name()},
                  &Ports::get_transcript, request);
}

async::Task<absl::StatusOr<v1::TranscriptScore>> TranscriptHandlers::ScoreTranscript(
    async::CallContext& call, const v1::ScoreTranscriptRequest& request) {
  return CallPort(call, parts_, {"name", Resource::kTranscript, request.name()},
                  &Ports::score_transcript, request);
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> TranscriptHandlers::StartTranscriptAccess(
    async::CallContext& call, const v1::StartTranscriptAccessRequest& request) {
  return WriteThroughPort(call, parts_, {"parent", Resource::kConnection, request.parent()},
                          &Ports::start_transcript_access, request);
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>>
TranscriptHandlers::SubmitTranscriptAccessMfa(async::CallContext& call,
                                              const v1::SubmitTranscriptAccessMfaRequest& request) {
  return WriteThroughPort(call, parts_,
                          {"name", Resource::kTranscriptAccessSession, request.name()},
                          &Ports::submit_transcript_access_mfa, request);
}

async::Task<absl::StatusOr<v1::ListSchoolsResponse>> TranscriptHandlers::ListSchools(
    async::CallContext& call, const v1::ListSchoolsRequest& request) {
  adapters::SchoolQuery query;
  query.country_code = request.country_code();
  auto page =
      co_await ListRecords(call, parts_, {"parent", Resource::kConnection, request.parent()},
                           kSchools, std::move(query), request);
  if (!page.ok()) co_return page.status();
  v1::ListSchoolsResponse response;
  MoveInto(std::move(page->records), *response.mutable_schools());
  response.set_next_page_token(std::move(page->next_page_token));
  co_return response;
}

std::unique_ptr<grpc::Service> MakeTranscriptService(const ServiceParts& parts, Bridge& bridge) {
  return std::make_unique<TranscriptService>(parts, bridge);
}

}  // namespace edugate::services
