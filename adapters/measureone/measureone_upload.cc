#include "adapters/measureone/measureone_upload.h"

#include <openssl/rand.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_files.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/multipart_source.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "runtime/async/when_all.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

std::string RandomBoundary() {
  unsigned char bytes[24];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return "";
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

// One upload: the caller's messages into the request's body.
class Upload {
 public:
  Upload(MultipartSource& source, UploadReader& reader) : source_(source), reader_(reader) {}

  // Passes everything on. The first thing that is wrong ends the body.
  async::Task<absl::Status> Run(async::CallContext& call) {
    absl::Status status = co_await PassOn(call);
    if (status.ok()) {
      source_.Finish();
    } else {
      source_.Abandon();
    }
    co_return status;
  }

  const std::vector<std::string>& file_names() const { return file_names_; }
  const std::vector<std::string>& media_types() const { return media_types_; }

 private:
  async::Task<absl::Status> PassOn(async::CallContext& call) {
    for (;;) {
      auto message = co_await reader_.Read(call);
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return CheckEnd();
      absl::Status accepted = Accept(**message);
      if (!accepted.ok()) co_return accepted;
      if (!(*message)->has_chunk()) continue;
      absl::Status written = co_await source_.Write(call, std::move(*(*message)->mutable_chunk()));
      if (!written.ok()) co_return written;
    }
  }

  absl::Status Accept(const v1::UploadTranscriptFilesRequest& message) {
    if (message.has_header()) {
      if (!media_types_.empty() && file_bytes_ == 0) return EmptyFile();
      const auto violations = CheckFileHeader(message.header());
      if (!violations.empty()) return errors::ArgumentsInvalid(violations);
      if (static_cast<int64_t>(media_types_.size()) >= kMaxUploadFiles) {
        return errors::ArgumentInvalid(
            "header", absl::StrCat("is one file too many: at most ", kMaxUploadFiles));
      }
      source_.BeginFile(message.header().file_name(), message.header().media_type());
      file_names_.push_back(message.header().file_name());
      media_types_.push_back(message.header().media_type());
      file_bytes_ = 0;
      return absl::OkStatus();
    }
    if (!message.has_chunk()) return errors::ArgumentInvalid("part", "is required");
    if (media_types_.empty()) {
      return errors::ArgumentInvalid("header", "must come before the first bytes");
    }
    if (message.chunk().size() > kMaxUploadChunkBytes) {
      return errors::ArgumentInvalid("chunk", "must have at most 1 MiB");
    }
    const int64_t size = static_cast<int64_t>(message.chunk().size());
    file_bytes_ += size;
    all_bytes_ += size;
    if (all_bytes_ > kMaxUploadBytes) {
      return errors::ArgumentInvalid(
          "chunk",
          absl::StrCat("is too much: all files together have at most ", kMaxUploadBytes, " bytes"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEnd() const {
    if (media_types_.empty()) return errors::ArgumentInvalid("header", "is required");
    return file_bytes_ == 0 ? EmptyFile() : absl::OkStatus();
  }

  static absl::Status EmptyFile() {
    return errors::ArgumentInvalid("chunk", "is missing: a file is empty");
  }

  MultipartSource& source_;
  UploadReader& reader_;
  std::vector<std::string> file_names_;
  std::vector<std::string> media_types_;
  int64_t file_bytes_ = 0;
  int64_t all_bytes_ = 0;
};

using References = google::protobuf::RepeatedPtrField<m1::SourceDataReference>;

// The references in the order in which their files were sent. The document promises one for each
// file and no order: the names tell, and where they don't, the references stay as they come.
std::vector<const m1::SourceDataReference*> InOrderSent(const References& references,
                                                        const std::vector<std::string>& names) {
  std::vector<const m1::SourceDataReference*> as_they_come;
  std::map<std::string, const m1::SourceDataReference*> by_name;
  for (const m1::SourceDataReference& reference : references) {
    as_they_come.push_back(&reference);
    by_name.emplace(reference.file_name(), &reference);
  }
  std::vector<const m1::SourceDataReference*> as_sent;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) return as_they_come;
    as_sent.push_back(found->second);
    by_name.erase(found);
  }
  return as_sent;
}

// The transfer beside the passing on, whose end ends the other: an upload whose answer is there has
// nobody left to read it.
async::Task<absl::Status> Send(async::CallContext& call, rest::Client& client,
                               const rest::Operation& operation,
                               const m1::UploadTranscriptFilesRequest& request,
                               m1::UploadTranscriptFilesReply& reply, rest::CallOptions options,
                               async::CallContext& reading) {
  absl::Status status =
      co_await client.CallInto(call, operation, request, reply, nullptr, std::move(options));
  reading.Cancel();
  co_return status;
}

}  // namespace

async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>> UploadTranscriptFiles(
    async::CallContext& call, rest::Client& client, const rest::Operation& operation,
    const std::function<std::string()>& make_boundary, UploadReader& reader) {
  const std::string boundary = make_boundary != nullptr ? make_boundary() : RandomBoundary();
  if (boundary.empty()) co_return errors::Internal("there is no randomness for a boundary");
  MultipartSource source(boundary);
  Upload upload(source, reader);
  async::CallContext transferring = call.Child(call.deadline());
  async::CallContext reading = call.Child(call.deadline());
  const m1::UploadTranscriptFilesRequest request;
  m1::UploadTranscriptFilesReply reply;
  rest::CallOptions options;
  options.source = &source;
  options.source_content_type = source.content_type();
  std::vector<async::Task<absl::Status>> sides;
  sides.push_back(
      Send(transferring, client, operation, request, reply, std::move(options), reading));
  sides.push_back(upload.Run(reading));
  auto ended = co_await async::WhenAll(std::move(sides));
  const absl::Status& sent = ended[0];
  const absl::Status& read = ended[1];
  // What is wrong with the caller's files comes before what that did to the transfer; a transfer
  // that failed by itself cancelled the reading.
  if (!read.ok() && !absl::IsCancelled(read)) co_return read;
  if (!sent.ok()) co_return sent;
  if (!read.ok()) {
    co_return errors::ProviderResponseInvalid("it came before all files were sent",
                                              client.OriginOf(operation));
  }
  const std::vector<std::string>& media_types = upload.media_types();
  if (reply.files_size() != static_cast<int>(media_types.size())) {
    co_return errors::ProviderResponseInvalid("it does not name each file once",
                                              client.OriginOf(operation));
  }
  for (int i = 0; i < reply.files_size(); ++i) {
    if (reply.files(i).uri().empty()) {
      co_return errors::ProviderResponseInvalid(absl::StrCat("[", i, "].uri is missing"),
                                                client.OriginOf(operation));
    }
  }
  v1::UploadTranscriptFilesResponse response;
  const auto files = InOrderSent(reply.files(), upload.file_names());
  for (size_t i = 0; i < files.size(); ++i) {
    *response.add_files() = ToUploadedFile(*files[i], media_types[i]);
  }
  co_return response;
}

}  // namespace edugate::adapters
