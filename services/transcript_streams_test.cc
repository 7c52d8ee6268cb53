// Uploads and downloads through gRPC itself.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"
#include "services/bridge.h"
#include "services/first_end.h"
#include "services/transcript_service.h"

namespace edugate::services {
namespace {

constexpr size_t kChunkBytes = size_t{256} * 1024;

// A provider that keeps what is uploaded and gives it back.
class Echo {
 public:
  adapters::Connection connection() {
    adapters::Connection connection{.id = "m1", .provider = "measureone"};
    connection.ports.upload_transcript_files = [this](async::CallContext& call,
                                                      adapters::UploadReader& reader) {
      return Upload(call, reader);
    };
    connection.ports.download_transcript_files =
        [this](async::CallContext& call, const adapters::NameParts&,
               adapters::DownloadWriter& writer) { return Download(call, writer); };
    connection.ports.score_transcript = [this](async::CallContext&, const Scoring&) {
      return Score();
    };
    return connection;
  }

  // What the last upload brought, whole.
  std::string Received() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return received_;
  }

  // What downloads give, without an upload, in chunks of this size.
  void Hold(std::string bytes, size_t chunk_bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    bytes_ = std::move(bytes);
    chunk_bytes_ = chunk_bytes;
  }

  absl::Status refuse_after_first;
  absl::Notification ended;
  absl::Status end;

 private:
  using Scoring = adapters::Routed<v1::ScoreTranscriptRequest>;

  // Whether there are any then.
  bool Add(const std::string& chunk) {
    const std::lock_guard<std::mutex> lock(mutex_);
    bytes_ += chunk;
    return !bytes_.empty();
  }

  // All of it, and the size of a chunk.
  std::pair<std::string, size_t> Held() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {bytes_, chunk_bytes_};
  }

  // A reply with all that is held.
  async::Task<absl::StatusOr<v1::TranscriptScore>> Score() {
    v1::TranscriptScore score;
    score.add_unknown_fields()->set_json(Held().first);
    co_return score;
  }

  async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>> Upload(
      async::CallContext& call, adapters::UploadReader& reader) {
    v1::UploadTranscriptFilesResponse response;
    for (;;) {
      auto message = co_await reader.Read(call);
      if (!message.ok() || !message->has_value()) {
        end = message.status();
        ended.Notify();
        if (!message.ok()) co_return end;
        Keep();
        co_return response;
      }
      if ((*message)->has_header()) {
        response.add_files()->set_file_name((*message)->header().file_name());
      }
      if (Add((*message)->chunk()) && !refuse_after_first.ok()) co_return refuse_after_first;
    }
  }

  async::Task<absl::Status> Download(async::CallContext& call, adapters::DownloadWriter& writer) {
    const std::pair<std::string, size_t> held = Held();
    const std::string& bytes = held.first;
    absl::Status begun = co_await writer.Begin(call, static_cast<int64_t>(bytes.size()));
    if (!begun.ok()) co_return begun;
    for (size_t at = 0; at < bytes.size(); at += held.second) {
      absl::Status written = co_await writer.Write(call, bytes.substr(at, held.second));
      if (!written.ok()) co_return written;
    }
    co_return absl::OkStatus();
  }

  void Keep() {
    const std::lock_guard<std::mutex> lock(mutex_);
    received_ = bytes_;
  }

  std::mutex mutex_;
  std::string bytes_;  // These three under the mutex.
  size_t chunk_bytes_ = kChunkBytes;
  std::string received_;
};

class TranscriptStreamsTest : public ::testing::Test {
 protected:
  explicit TranscriptStreamsTest(absl::Duration slow_reader_limit = absl::Seconds(60),
                                 size_t max_reply_bytes = BridgeOptions().max_reply_bytes)
      : bridge_({.loops = &loops_,
                 .observer = &first_end_,
                 .slow_reader_limit = slow_reader_limit,
                 .max_reply_bytes = max_reply_bytes}) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::TranscriptService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  ~TranscriptStreamsTest() override {
    server_->Shutdown();
    server_->Wait();
    loops_.Shutdown();
  }

  static v1::UploadTranscriptFilesRequest Header() {
    v1::UploadTranscriptFilesRequest message;
    message.mutable_header()->set_parent("connections/m1");
    message.mutable_header()->set_file_name("a.txt");
    return message;
  }

  static v1::UploadTranscriptFilesRequest Chunk(char c) {
    v1::UploadTranscriptFilesRequest message;
    message.set_chunk(std::string(kChunkBytes, c));
    return message;
  }

  Echo echo_;
  adapters::ConnectionRegistry registry_{{echo_.connection()}};
  PageTokenSealer sealer_ =
      *PageTokenSealer::Create({*PageTokenKey::FromSecret("a key for tests, which is 32 bytes")});
  async::LoopPool loops_{1};
  FirstEnd first_end_;
  Bridge bridge_;
  std::unique_ptr<grpc::Service> service_ = MakeTranscriptService(
      ServiceParts{.connections = &registry_, .page_tokens = &sealer_}, bridge_);
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::TranscriptService::Stub> stub_;
};

TEST_F(TranscriptStreamsTest, WhatIsUploadedComesBackByteForByte) {
  std::string sent;
  {
    grpc::ClientContext context;
    v1::UploadTranscriptFilesResponse response;
    auto writer = stub_->UploadTranscriptFiles(&context, &response);
    ASSERT_TRUE(writer->Write(Header()));
    for (int i = 0; i < 40; ++i) {
      const v1::UploadTranscriptFilesRequest chunk = Chunk(static_cast<char>('a' + i % 26));
      sent += chunk.chunk();
      ASSERT_TRUE(writer->Write(chunk));
    }
    ASSERT_TRUE(writer->WritesDone());
    const grpc::Status status = writer->Finish();
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.files_size(), 1);
    EXPECT_EQ(response.files(0).file_name(), "a.txt");
  }
  EXPECT_TRUE(echo_.Received() == sent);

  grpc::ClientContext context;
  v1::DownloadTranscriptFilesRequest request;
  request.set_name("connections/m1/transcripts/t1");
  auto reader = stub_->DownloadTranscriptFiles(&context, request);
  v1::DownloadTranscriptFilesResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(message.info().file_name(), "t1.zip");
  EXPECT_EQ(message.info().content_type(), "application/zip");
  EXPECT_EQ(message.info().size_bytes(), static_cast<int64_t>(sent.size()));
  std::string received;
  while (reader->Read(&message)) received += message.chunk();
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(received == sent);
}

TEST_F(TranscriptStreamsTest, TheEndOfACallHasItsReasonWhateverNoticedIt) {
  // As a wait says it.
  echo_.refuse_after_first = absl::DeadlineExceededError("the call's deadline passed");
  grpc::ClientContext context;
  v1::UploadTranscriptFilesResponse response;
  auto writer = stub_->UploadTranscriptFiles(&context, &response);
  ASSERT_TRUE(writer->Write(Header()));
  writer->Write(Chunk('x'));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const absl::Status status = first_end_.Wait().status;
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(status)["connection"], "m1");
}

class ReplySizeTest : public TranscriptStreamsTest {
 protected:
  ReplySizeTest() : TranscriptStreamsTest(absl::Seconds(60), kLimit) {}

  static constexpr size_t kLimit = 1000;

  static v1::ErrorReason ReasonIn(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (!details.ParseFromString(status.error_details())) return v1::ERROR_REASON_UNSPECIFIED;
    for (const auto& detail : details.details()) detail.UnpackTo(&info);
    v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
    v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info.reason()), &reason);
    return reason;
  }

  grpc::Status Score(size_t bytes) {
    echo_.Hold(std::string(bytes, 'x'), bytes);
    grpc::ClientContext context;
    v1::ScoreTranscriptRequest request;
    request.set_name("connections/m1/transcripts/t1");
    v1::TranscriptScore response;
    return stub_->ScoreTranscript(&context, request, &response);
  }

  grpc::Status Download(size_t bytes) {
    echo_.Hold(std::string(bytes, 'x'), bytes);
    grpc::ClientContext context;
    v1::DownloadTranscriptFilesRequest request;
    request.set_name("connections/m1/transcripts/t1");
    auto reader = stub_->DownloadTranscriptFiles(&context, request);
    v1::DownloadTranscriptFilesResponse message;
    while (reader->Read(&message)) continue;
    return reader->Finish();
  }

  // The reply repeats the file's name.
  grpc::Status Upload(size_t bytes) {
    grpc::ClientContext context;
    v1::UploadTranscriptFilesResponse response;
    auto writer = stub_->UploadTranscriptFiles(&context, &response);
    v1::UploadTranscriptFilesRequest header = Header();
    header.mutable_header()->set_file_name(std::string(bytes, 'x'));
    writer->Write(header);
    writer->WritesDone();
    return writer->Finish();
  }
};

TEST_F(ReplySizeTest, AReplyThatIsTooLargeToBeSentSaysSo) {
  EXPECT_TRUE(Score(kLimit - 10).ok());
  const grpc::Status status = Score(kLimit);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonIn(status), v1::ERROR_REASON_REPLY_TOO_LARGE);
}

TEST_F(ReplySizeTest, SoDoesOneOfAStream) {
  EXPECT_TRUE(Download(kLimit - 10).ok());
  EXPECT_EQ(ReasonIn(Download(kLimit)), v1::ERROR_REASON_REPLY_TOO_LARGE);
}

TEST_F(ReplySizeTest, SoDoesTheReplyToAStream) {
  EXPECT_EQ(ReasonIn(Upload(kLimit)), v1::ERROR_REASON_REPLY_TOO_LARGE);
}

class StalledReaderTest : public TranscriptStreamsTest {
 protected:
  StalledReaderTest() : TranscriptStreamsTest(absl::Milliseconds(100)) {}

  // More than a connection holds that nobody reads from.
  static constexpr size_t kFileBytes = 40 * kChunkBytes;

  // Why a download ends whose caller reads nothing.
  absl::Status EndOfDownload(size_t chunk_bytes) {
    echo_.Hold(std::string(kFileBytes, 'x'), chunk_bytes);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::DownloadTranscriptFilesRequest request;
    request.set_name("connections/m1/transcripts/t1");
    auto reader = stub_->DownloadTranscriptFiles(&context, request);
    absl::Status status = first_end_.Wait().status;
    context.TryCancel();
    reader->Finish();
    return status;
  }
};

TEST_F(StalledReaderTest, IsCutOffInTheMiddle) {
  EXPECT_EQ(errors::ReasonOf(EndOfDownload(kChunkBytes)), v1::ERROR_REASON_SLOW_CONSUMER);
}

TEST_F(StalledReaderTest, IsCutOffAtTheLastMessage) {
  EXPECT_EQ(errors::ReasonOf(EndOfDownload(kFileBytes)), v1::ERROR_REASON_SLOW_CONSUMER);
}

class SilentCallerTest : public TranscriptStreamsTest {
 protected:
  SilentCallerTest() : TranscriptStreamsTest(absl::Milliseconds(100)) {}

  // Sends these messages and nothing more. The upload ends before its deadline, for that reason.
  void ExpectGivenUp(const std::vector<v1::UploadTranscriptFilesRequest>& messages) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::UploadTranscriptFilesResponse response;
    auto writer = stub_->UploadTranscriptFiles(&context, &response);
    for (const auto& message : messages) writer->Write(message);
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    const absl::Status status = first_end_.Wait().status;
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_DEADLINE_EXCEEDED);
    EXPECT_EQ(status.message(), "the caller sent nothing for too long");
  }
};

TEST_F(SilentCallerTest, IsNotWaitedForAtTheBeginning) { ExpectGivenUp({}); }

TEST_F(SilentCallerTest, IsNotWaitedForInTheMiddle) { ExpectGivenUp({Header(), Chunk('x')}); }

TEST_F(TranscriptStreamsTest, CallerThatGoesAwayHasNotCompletedItsUpload) {
  grpc::ClientContext context;
  v1::UploadTranscriptFilesResponse response;
  auto writer = stub_->UploadTranscriptFiles(&context, &response);
  ASSERT_TRUE(writer->Write(Header()));
  ASSERT_TRUE(writer->Write(Chunk('x')));
  context.TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // Whether or not the provider was reached before, it never sees the end of the upload.
  if (echo_.ended.WaitForNotificationWithTimeout(absl::Seconds(5))) {
    EXPECT_TRUE(absl::IsCancelled(echo_.end)) << echo_.end;
  }
}

TEST_F(TranscriptStreamsTest, UploadThatIsRefusedInTheMiddleEnds) {
  echo_.refuse_after_first = errors::ArgumentInvalid("header.media_type", "is not taken");
  grpc::ClientContext context;
  v1::UploadTranscriptFilesResponse response;
  auto writer = stub_->UploadTranscriptFiles(&context, &response);
  bool open = writer->Write(Header());
  for (int i = 0; open && i < 1000; ++i) open = writer->Write(Chunk('x'));
  EXPECT_FALSE(open);
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(TranscriptStreamsTest, UploadNeedsItsHeaderFirst) {
  for (const bool empty : {true, false}) {
    grpc::ClientContext context;
    v1::UploadTranscriptFilesResponse response;
    auto writer = stub_->UploadTranscriptFiles(&context, &response);
    if (!empty) writer->Write(Chunk('x'));
    writer->WritesDone();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(TranscriptStreamsTest, UploadNeedsAConnection) {
  grpc::ClientContext context;
  v1::UploadTranscriptFilesResponse response;
  auto writer = stub_->UploadTranscriptFiles(&context, &response);
  v1::UploadTranscriptFilesRequest header = Header();
  header.mutable_header()->set_parent("connections/nobody");
  writer->Write(header);
  writer->WritesDone();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace edugate::services
