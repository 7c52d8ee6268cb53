#include "services/transcript_service.h"

#include <openssl/crypto.h>

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "runtime/store/event_log.h"
#include "services/bridge.h"
#include "services/drain.h"
#include "services/gated_service.h"
#include "services/once.h"
#include "services/page_token.h"
#include "services/port_calls.h"
#include "services/webhooks.h"

namespace edugate::services {
namespace {

using adapters::Ports;
using adapters::Resource;

const ListPort<adapters::SchoolQuery, v1::School> kSchools{
    &Ports::list_schools, &Ports::list_schools_traits, "TranscriptService.ListSchools"};

constexpr char kWatchMethod[] = "TranscriptService.WatchTranscriptEvents";

// Events read from the log at once.
constexpr size_t kEventBatch = 64;

// The messages of an upload, the first of which has been read to find the connection.
class FileStream final : public adapters::UploadReader {
 public:
  FileStream(v1::UploadTranscriptFilesRequest first,
             ClientStream<v1::UploadTranscriptFilesRequest>& rest)
      : parent_(first.header().parent()), first_(std::move(first)), rest_(rest) {}

  async::Task<absl::StatusOr<std::optional<v1::UploadTranscriptFilesRequest>>> Read(
      async::CallContext& call) override {
    std::optional<v1::UploadTranscriptFilesRequest> first = std::exchange(first_, std::nullopt);
    if (first.has_value()) co_return first;
    auto next = co_await rest_.Read(call);
    if (next.ok() && next->has_value()) {
      const std::string& parent = (*next)->header().parent();
      if (!parent.empty() && parent != parent_) {
        co_return errors::ArgumentInvalid("header.parent", "must be the same in every header");
      }
    }
    co_return next;
  }

 private:
  const std::string parent_;
  std::optional<v1::UploadTranscriptFilesRequest> first_;
  ClientStream<v1::UploadTranscriptFilesRequest>& rest_;
};

// The bytes of a download as messages.
class FileWriter final : public adapters::DownloadWriter {
 public:
  FileWriter(const std::string& transcript, StreamWriter<v1::DownloadTranscriptFilesResponse>& to)
      : transcript_(transcript), to_(to) {}

  async::Task<absl::Status> Begin(async::CallContext&, std::optional<int64_t> size_bytes) override {
    v1::DownloadTranscriptFilesResponse message;
    v1::TranscriptFilesInfo& info = *message.mutable_info();
    info.set_file_name(absl::StrCat(adapters::EncodeId(transcript_), ".zip"));
    info.set_content_type("application/zip");
    if (size_bytes.has_value()) info.set_size_bytes(*size_bytes);
    return to_.Write(std::move(message));
  }

  async::Task<absl::Status> Write(async::CallContext&, std::string bytes) override {
    v1::DownloadTranscriptFilesResponse message;
    message.set_chunk(std::move(bytes));
    return to_.Write(std::move(message));
  }

 private:
  const std::string& transcript_;
  StreamWriter<v1::DownloadTranscriptFilesResponse>& to_;
};

// The tokens with which a watch goes on: sealed positions in the event log, bound to the caller and
// the connection.
class ResumeTokens {
 public:
  ResumeTokens(const ServiceParts& parts, const async::CallContext& call,
               const v1::WatchTranscriptEventsRequest& request)
      : sealer_(parts.resume_tokens != nullptr ? *parts.resume_tokens : *parts.page_tokens),
        clock_(call.loop().clock()) {
    // A watch may go on in another view.
    v1::WatchTranscriptEventsRequest query;
    query.set_parent(request.parent());
    binding_ = {
        .caller = call.caller(), .method = kWatchMethod, .query_digest = QueryDigest(query)};
  }

  // The last event that the caller has dealt with; 0 without a token.
  absl::StatusOr<int64_t> Open(const std::string& token) const {
    if (token.empty()) return 0;
    auto state = sealer_.Open(token, binding_, clock_.WallNow());
    int64_t sequence = 0;
    if (!state.ok() || !absl::SimpleAtoi(state->cursor, &sequence) || sequence < 0) {
      return errors::ResumeTokenInvalid("is none that this watch gave out, or has expired");
    }
    return sequence;
  }

  absl::StatusOr<std::string> Seal(int64_t sequence) const {
    return sealer_.Seal({.cursor = absl::StrCat(sequence)}, binding_, clock_.WallNow());
  }

 private:
  const PageTokenSealer& sealer_;
  const async::Clock& clock_;
  PageBinding binding_;
};

// A stored event as the caller gets it.
absl::StatusOr<v1::TranscriptEvent> ToEvent(const store::Event& stored, const ResumeTokens& tokens,
                                            v1::View view) {
  v1::TranscriptEvent event;
  if (!event.ParseFromString(stored.payload)) {
    return errors::Internal("a stored event can't be read");
  }
  if (view != v1::VIEW_FULL) {
    event.clear_provider_record();
    event.clear_unknown_fields();
  }
  event.set_event_id(absl::StrCat(stored.sequence));
  const int64_t micros = absl::ToUnixMicros(stored.stored);
  constexpr int64_t kMicrosPerSecond = 1'000'000;
  constexpr int32_t kNanosPerMicro = 1'000;
  event.mutable_receive_time()->set_seconds(micros / kMicrosPerSecond);
  event.mutable_receive_time()->set_nanos(static_cast<int32_t>(micros % kMicrosPerSecond) *
                                          kNanosPerMicro);
  auto token = tokens.Seal(stored.sequence);
  if (!token.ok()) return token.status();
  event.set_resume_token(*std::move(token));
  return event;
}

// Overwrites a credential's copy before its memory is given back.
void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

// The two calls that carry a student's credentials. They wipe the copies that they make, and what
// is remembered of the request under its request_id holds no credential, nor a digest of one: a
// guess could be checked against it.
template <typename Request>
using SessionPort = adapters::Port<adapters::Routed<Request>, v1::TranscriptAccessSession>;

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> StartAccess(
    async::CallContext& call, const PortRoute<SessionPort<v1::StartTranscriptAccessRequest>>& route,
    const v1::StartTranscriptAccessRequest& request) {
  adapters::Routed<v1::StartTranscriptAccessRequest> routed{route.name, request};
  auto session = co_await route.port(call, routed);
  Wipe(routed.request.mutable_username());
  Wipe(routed.request.mutable_password());
  co_return session;
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> SubmitMfa(
    async::CallContext& call,
    const PortRoute<SessionPort<v1::SubmitTranscriptAccessMfaRequest>>& route,
    const v1::SubmitTranscriptAccessMfaRequest& request) {
  adapters::Routed<v1::SubmitTranscriptAccessMfaRequest> routed{route.name, request};
  auto session = co_await route.port(call, routed);
  Wipe(routed.request.mutable_mfa_token());
  co_return session;
}

class TranscriptService final : public GatedService<v1::TranscriptService::CallbackService> {
 public:
  TranscriptService(PartsOfCall parts, Bridge& bridge)
      : handlers_(std::move(parts)), bridge_(bridge) {
    Gate(bridge.options(), 0, &TranscriptService::CreateTranscript);
    Gate(bridge.options(), 2, &TranscriptService::GetTranscript);
    Gate(bridge.options(), 3, &TranscriptService::DownloadTranscriptFiles);
    Gate(bridge.options(), 4, &TranscriptService::ScoreTranscript);
    Gate(bridge.options(), 5, &TranscriptService::StartTranscriptAccess);
    Gate(bridge.options(), 6, &TranscriptService::SubmitTranscriptAccessMfa);
    Gate(bridge.options(), 7, &TranscriptService::ListSchools);
    Gate(bridge.options(), 8, &TranscriptService::WatchTranscriptEvents);
  }

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
  grpc::ServerReadReactor<v1::UploadTranscriptFilesRequest>* UploadTranscriptFiles(
      grpc::CallbackServerContext* context, v1::UploadTranscriptFilesResponse* response) override {
    return bridge_.Collect(context, "TranscriptService.UploadTranscriptFiles", response, handlers_,
                           &TranscriptHandlers::UploadTranscriptFiles);
  }
  grpc::ServerWriteReactor<v1::DownloadTranscriptFilesResponse>* DownloadTranscriptFiles(
      grpc::CallbackServerContext* context,
      const v1::DownloadTranscriptFilesRequest* request) override {
    return bridge_.Stream(context, "TranscriptService.DownloadTranscriptFiles", request, handlers_,
                          &TranscriptHandlers::DownloadTranscriptFiles);
  }
  grpc::ServerWriteReactor<v1::TranscriptEvent>* WatchTranscriptEvents(
      grpc::CallbackServerContext* context,
      const v1::WatchTranscriptEventsRequest* request) override {
    return bridge_.Watch(context, kWatchMethod, request, handlers_,
                         &TranscriptHandlers::WatchTranscriptEvents);
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
  return WriteThroughPort(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                          &Ports::create_transcript, request);
}

async::Task<absl::StatusOr<v1::Transcript>> TranscriptHandlers::GetTranscript(
    async::CallContext& call, const v1::GetTranscriptRequest& request) {
  return CallPort(call, parts_(call), {"name", Resource::kTranscript, request.name()},
                  &Ports::get_transcript, request);
}

async::Task<absl::StatusOr<v1::TranscriptScore>> TranscriptHandlers::ScoreTranscript(
    async::CallContext& call, const v1::ScoreTranscriptRequest& request) {
  return CallPort(call, parts_(call), {"name", Resource::kTranscript, request.name()},
                  &Ports::score_transcript, request);
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> TranscriptHandlers::StartTranscriptAccess(
    async::CallContext& call, const v1::StartTranscriptAccessRequest& request) {
  auto route = ResolvePort(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                           &Ports::start_transcript_access);
  if (!route.ok()) co_return route.status();
  v1::StartTranscriptAccessRequest remembered = request;
  Wipe(remembered.mutable_username());
  Wipe(remembered.mutable_password());
  const auto write = [&] { return StartAccess(call, *route, request); };
  auto session = co_await Once<v1::TranscriptAccessSession>(parts_(call).request_log, call,
                                                            remembered, Repeatable::kNo, write);
  co_return session;
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>>
TranscriptHandlers::SubmitTranscriptAccessMfa(async::CallContext& call,
                                              const v1::SubmitTranscriptAccessMfaRequest& request) {
  auto route =
      ResolvePort(call, parts_(call), {"name", Resource::kTranscriptAccessSession, request.name()},
                  &Ports::submit_transcript_access_mfa);
  if (!route.ok()) co_return route.status();
  v1::SubmitTranscriptAccessMfaRequest remembered = request;
  Wipe(remembered.mutable_mfa_token());
  const auto write = [&] { return SubmitMfa(call, *route, request); };
  auto session = co_await Once<v1::TranscriptAccessSession>(parts_(call).request_log, call,
                                                            remembered, Repeatable::kNo, write);
  co_return session;
}

async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>>
TranscriptHandlers::UploadTranscriptFiles(async::CallContext& call,
                                          ClientStream<v1::UploadTranscriptFilesRequest>& files) {
  auto first = co_await files.Read(call);
  if (!first.ok()) co_return first.status();
  if (!first->has_value() || !(*first)->has_header()) {
    co_return errors::ArgumentInvalid("header", "must be the first message");
  }
  auto route = ResolvePort(call, parts_(call),
                           {"header.parent", Resource::kConnection, (*first)->header().parent()},
                           &Ports::upload_transcript_files);
  if (!route.ok()) co_return route.status();
  FileStream stream(*std::move(*first), files);
  auto response = co_await route->port(call, stream);
  co_return response;
}

async::Task<absl::Status> TranscriptHandlers::DownloadTranscriptFiles(
    async::CallContext& call, const v1::DownloadTranscriptFilesRequest& request,
    StreamWriter<v1::DownloadTranscriptFilesResponse>& writer) {
  auto route = ResolvePort(call, parts_(call), {"name", Resource::kTranscript, request.name()},
                           &Ports::download_transcript_files);
  if (!route.ok()) co_return route.status();
  FileWriter file(route->name.id(), writer);
  absl::Status status = co_await route->port(call, route->name, file);
  co_return status;
}

async::Task<absl::Status> TranscriptHandlers::WatchTranscriptEvents(
    async::CallContext& call, const v1::WatchTranscriptEventsRequest& request,
    StreamWriter<v1::TranscriptEvent>& writer) {
  auto route =
      Resolve(call, *parts_(call).connections, "parent", Resource::kConnection, request.parent());
  if (!route.ok()) co_return route.status();
  const adapters::Connection& connection = *route->connection;
  if (!connection.ports.read_webhook) co_return NotSupported(call, connection);
  const ServiceParts& parts = parts_(call);
  const bool takes =
      parts.events != nullptr && parts.webhooks != nullptr && parts.webhooks->Takes(connection.id);
  if (!takes) co_return errors::ConnectionMisconfigured(connection.id, "webhook");
  const ResumeTokens tokens(parts, call, request);
  auto position = tokens.Open(request.resume_token());
  if (!position.ok()) co_return position.status();
  async::CallContext waiting = call.Child(async::kNever);
  const Drain::Wait wait(parts.drain, waiting);
  const Drain::Wait superseded(parts.superseded, waiting);
  for (bool resumes = !request.resume_token().empty();; resumes = false) {
    auto batch = co_await parts.events->ReadNext(waiting, TranscriptEventTopic(connection.id),
                                                 *position, kEventBatch);
    if (!batch.ok()) {
      if (wait.ended() && call.Status().ok()) co_return errors::ShuttingDown();
      if (superseded.ended() && call.Status().ok()) co_return errors::WatchSuperseded();
      if (absl::IsCancelled(batch.status())) co_return errors::Cancelled({});
      if (absl::IsDeadlineExceeded(batch.status())) co_return errors::DeadlineExceeded({});
      co_return batch.status();
    }
    // Events after the token's have been purged before they were sent, which is told and not passed
    // over. A log that was made anew has lower numbers: of it the caller gets all there is.
    if (resumes && batch->missed && batch->last > *position) {
      co_return errors::ResumeTokenInvalid(
          "is of an event after which some are no longer kept; begin without one");
    }
    for (const store::Event& stored : batch->events) {
      auto event = ToEvent(stored, tokens, request.view());
      if (!event.ok()) co_return event.status();
      absl::Status written = co_await writer.Write(*std::move(event));
      if (!written.ok()) co_return written;
    }
    *position = batch->last;
  }
}

async::Task<absl::Status> TranscriptHandlers::ListSchools(async::CallContext& call,
                                                          const v1::ListSchoolsRequest& request,
                                                          v1::ListSchoolsResponse& response) {
  adapters::SchoolQuery query;
  query.country_code = request.country_code();
  return ListRecords(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                     kSchools, std::move(query), request, response, *response.mutable_schools());
}

std::unique_ptr<grpc::Service> MakeTranscriptService(PartsOfCall parts, Bridge& bridge) {
  return std::make_unique<TranscriptService>(std::move(parts), bridge);
}

}  // namespace edugate::services
