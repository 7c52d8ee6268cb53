#include "adapters/measureone/measureone_download.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "adapters/measureone/zip_sink.h"
#include "adapters/resource_name.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "google/api/httpbody.pb.h"
#include "runtime/async/when_all.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

// A download passes through little memory; this only ends one that never does.
constexpr int64_t kMaxDownloadBytes = int64_t{64} << 30;

// One download: the provider's bytes to the caller.
async::Task<absl::Status> PassOn(async::CallContext& call, ZipSink& sink, DownloadWriter& writer) {
  bool begun = false;
  for (;;) {
    auto bytes = co_await sink.Take(call);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return absl::OkStatus();
    if (!begun) {
      absl::Status started = co_await writer.Begin(call, sink.size());
      if (!started.ok()) co_return started;
      begun = true;
    }
    absl::Status written = co_await writer.Write(call, *std::move(bytes));
    if (!written.ok()) co_return written;
  }
}

// The transfer beside it. What has arrived by its end is still passed on.
async::Task<absl::Status> Receive(async::CallContext& call, rest::Client& client,
                                  const rest::Operation& operation,
                                  const m1::GetTranscriptFilesRequest& request,
                                  google::api::HttpBody& response, rest::CallOptions options,
                                  ZipSink& sink) {
  absl::Status status =
      co_await client.CallInto(call, operation, request, response, nullptr, std::move(options));
  sink.End();
  co_return status;
}

// The passing on, whose failure ends the transfer.
async::Task<absl::Status> PassOnAndRelease(async::CallContext& call, ZipSink& sink,
                                           DownloadWriter& writer, async::CallContext& transfer) {
  absl::Status status = co_await PassOn(call, sink, writer);
  if (!status.ok()) {
    sink.Abandon();
    transfer.Cancel();
  }
  co_return status;
}

}  // namespace

async::Task<absl::Status> DownloadTranscriptFiles(async::CallContext& call, rest::Client& client,
                                                  const rest::Operation& operation,
                                                  const NameParts& name, DownloadWriter& writer) {
  m1::GetTranscriptFilesRequest request;
  request.set_transcript_id(name.id());
  ZipSink sink;
  async::CallContext transferring = call.Child(call.deadline());
  google::api::HttpBody unused;
  rest::CallOptions options;
  options.sink = &sink;
  options.max_response_bytes = kMaxDownloadBytes;
  std::vector<async::Task<absl::Status>> sides;
  sides.push_back(
      Receive(transferring, client, operation, request, unused, std::move(options), sink));
  sides.push_back(PassOnAndRelease(call, sink, writer, transferring));
  auto ended = co_await async::WhenAll(std::move(sides));
  const absl::Status& received = ended[0];
  const absl::Status& passed_on = ended[1];
  if (!passed_on.ok()) co_return passed_on;
  const bool defective = !sink.defect().empty() && (received.ok() || absl::IsCancelled(received));
  if (defective && call.Status().ok()) {
    co_return errors::ProviderResponseInvalid(sink.defect(), client.OriginOf(operation));
  }
  co_return errors::WithResource(received, PatternOf(Resource::kTranscript).type,
                                 MakeName<Resource::kTranscript>(client.connection(), name.id()));
}

}  // namespace edugate::adapters
