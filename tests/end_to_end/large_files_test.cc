// Files larger than the memory that they may take: a server process between a client that makes
// the bytes as it sends them and a sandbox process that keeps them.

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;
constexpr int64_t kFileBytes = 300 * kMebibyte;
constexpr int64_t kSmallBytes = 4 * kMebibyte;
constexpr size_t kChunkBytes = size_t{256} << 10;
constexpr int64_t kMostGrowthKib = int64_t{32} * 1024;
constexpr char kFileName[] = "scan.pdf";
// A ZIP file's entry begins with a header of so many bytes and the file's name (APPNOTE.TXT 4.3.7).
constexpr size_t kZipHeaderBytes = 30;

class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;
  ~Hash() { EVP_MD_CTX_free(context_); }

  void Add(absl::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  std::string Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    EVP_DigestFinal_ex(context_, digest.data(), &size);
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
  }

 private:
  EVP_MD_CTX* const context_;
};

// Bytes that don't repeat, so that a chunk which is lost, doubled or in the wrong place tells.
class Noise {
 public:
  std::string Next(size_t size) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i + sizeof(state_) <= size; i += sizeof(state_)) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      std::memcpy(&bytes[i], &state_, sizeof(state_));
    }
    return bytes;
  }

 private:
  uint64_t state_ = 88172645463325252u;
};

class LargeFileTest : public ::testing::Test {
 protected:
  LargeFileTest() : sandbox_(Process::Start({EDUGATE_PROGRAM, "sandbox", "--port", "0"})) {
    // The first address is followed by a provider's path.
    const std::string address = sandbox_->AwaitLine("http://");
    const std::string root = address.substr(0, address.find('/'));
    file_ = folder_.Write(
        "edugate.yaml",
        absl::StrCat(
            "server: { listen: 127.0.0.1:0, insecure: true, page_token_key: { value: a key "
            "for tests alone and longer than 32 bytes } }\n"
            "connections:\n  - id: m1\n    provider: measureone\n    base_url: http://",
            root, "/measureone\n    auth: { bearer: { value: ", sandbox::kMeasureOneKey, " } }\n"));
    StartServer();
  }

  // A new process, in which nothing has grown yet, and a first file both ways, for what every first
  // call takes: buffers, connections, descriptors.
  void StartServer() {
    server_ = Process::Start({EDUGATE_PROGRAM, "serve", "--config", file_});
    transcripts_ = v1::TranscriptService::NewStub(grpc::CreateChannel(
        server_->AwaitLine("edugate: listening on "), grpc::InsecureChannelCredentials()));
    Hash sent;
    Hash received;
    const std::string transcript = CreateFrom(Upload(kSmallBytes, sent));
    Download(transcript, kSmallBytes, received);
    EXPECT_EQ(sent.Finish(), received.Finish());
  }

  // Uploads noise and returns the file's address. `hash` takes what was sent.
  std::string Upload(int64_t size, Hash& hash) {
    const auto context = Context(absl::Seconds(110));
    v1::UploadTranscriptFilesResponse response;
    const auto writer = transcripts_->UploadTranscriptFiles(context.get(), &response);
    v1::UploadTranscriptFilesRequest message;
    message.mutable_header()->set_parent("connections/m1");
    message.mutable_header()->set_file_name(kFileName);
    message.mutable_header()->set_media_type("application/pdf");
    writer->Write(message);
    Noise noise;
    for (int64_t sent = 0; sent < size; sent += kChunkBytes) {
      message.set_chunk(noise.Next(kChunkBytes));
      hash.Add(message.chunk());
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.files_size(), 1);
    return response.files_size() == 1 ? response.files(0).uri() : "";
  }

  std::string CreateFrom(const std::string& uri) {
    v1::CreateTranscriptRequest request;
    request.set_parent("connections/m1");
    v1::SourceDocument& document = *request.mutable_transcript()->add_sources()->mutable_document();
    document.set_uri(uri);
    document.set_media_type("application/pdf");
    v1::Transcript transcript;
    const grpc::Status status =
        transcripts_->CreateTranscript(Context().get(), request, &transcript);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return transcript.name();
  }

  // Downloads the ZIP file that holds one file of `size` bytes; `hash` takes those bytes.
  void Download(const std::string& name, int64_t size, Hash& hash) {
    v1::DownloadTranscriptFilesRequest request;
    request.set_name(name);
    const auto context = Context(absl::Seconds(110));
    const auto reader = transcripts_->DownloadTranscriptFiles(context.get(), request);
    v1::DownloadTranscriptFilesResponse message;
    const int64_t begin = kZipHeaderBytes + sizeof(kFileName) - 1;
    const int64_t end = begin + size;
    int64_t at = 0;
    int64_t announced = 0;
    while (reader->Read(&message)) {
      if (message.has_info()) announced = message.info().size_bytes();
      const absl::string_view chunk = message.chunk();
      const int64_t first = std::clamp<int64_t>(begin - at, 0, chunk.size());
      const int64_t last = std::clamp<int64_t>(end - at, 0, chunk.size());
      hash.Add(chunk.substr(first, last - first));
      at += chunk.size();
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_GT(at, end);
    EXPECT_EQ(at, announced);
  }

  // A line of the server's /proc/PID/status, in KiB.
  int64_t MemoryKib(absl::string_view line_name) const {
    std::ifstream status(absl::StrCat("/proc/", server_->pid(), "/status"));
    for (std::string line; std::getline(status, line);) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipWhitespace());
      int64_t kib = 0;
      if (absl::StartsWith(line, line_name) && absl::SimpleAtoi(words[words.size() - 2], &kib)) {
        return kib;
      }
    }
    ADD_FAILURE() << "no " << line_name;
    return 0;
  }

  // From now on the peak of the memory is measured anew; returns the memory now.
  int64_t StartMeasuring() const {
    std::ofstream(absl::StrCat("/proc/", server_->pid(), "/clear_refs")) << "5";
    return MemoryKib("VmRSS:");
  }

  // How far the memory has been above `before` at its peak.
  int64_t GrowthSince(int64_t before, const char* what, absl::Time began) const {
    const int64_t peak = MemoryKib("VmHWM:");
    std::printf("%s of %d MiB: memory %.1f MiB before, %.1f MiB at its peak, %.1f s\n", what,
                static_cast<int>(kFileBytes / kMebibyte), before / 1024.0, peak / 1024.0,
                absl::ToDoubleSeconds(absl::Now() - began));
    return peak - before;
  }

  TemporaryFolder folder_;
  std::string file_;
  std::unique_ptr<Process> sandbox_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<v1::TranscriptService::Stub> transcripts_;
};

TEST_F(LargeFileTest, ThreeHundredMebibytesPassBothWaysWithoutBeingKept) {
  Hash sent;
  absl::Time began = absl::Now();
  int64_t before = StartMeasuring();
  const std::string uri = Upload(kFileBytes, sent);
  const int64_t upload_kib = GrowthSince(before, "upload", began);
  ASSERT_NE(uri, "");

  const std::string transcript = CreateFrom(uri);
  StartServer();
  Hash received;
  began = absl::Now();
  before = StartMeasuring();
  Download(transcript, kFileBytes, received);
  const int64_t download_kib = GrowthSince(before, "download", began);
  EXPECT_EQ(sent.Finish(), received.Finish());
  if (kMemoryTells) {
    EXPECT_LT(upload_kib, kMostGrowthKib);
    EXPECT_LT(download_kib, kMostGrowthKib);
  }
}

}  // namespace
}  // namespace edugate::end_to_end
