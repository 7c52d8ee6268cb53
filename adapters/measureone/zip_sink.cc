#include "adapters/measureone/zip_sink.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace edugate::adapters {
namespace {

// How a ZIP file begins: with its first entry, or, without any, with the end of its directory
// (APPNOTE.TXT, sections 4.3.7 and 4.3.16).
constexpr absl::string_view kEntry("PK\x03\x04", 4);
constexpr absl::string_view kEmptyFile("PK\x05\x06", 4);

}  // namespace

void ZipSink::Begin(const http::Response& head) {
  int64_t size = 0;
  if (absl::SimpleAtoi(head.header("Content-Length"), &size)) size_ = size;
  if (head.unframed) defect_ = "its end can't be told from a cut connection";
}

http::Flow ZipSink::Write(absl::string_view chunk) {
  if (abandoned_ || !defect_.empty()) {
    news_.Set();
    return http::Flow::kAbort;
  }
  if (!judged_) {
    const absl::string_view missing = chunk.substr(0, kEntry.size() - start_.size());
    start_.append(missing.data(), missing.size());
    chunk.remove_prefix(missing.size());
    if (start_.size() < kEntry.size()) return http::Flow::kContinue;
    judged_ = true;
    if (start_ != kEntry && start_ != kEmptyFile) {
      defect_ = "it is no ZIP file";
      news_.Set();
      return http::Flow::kAbort;
    }
    buffer_ = start_;
  } else if (buffer_.size() >= kRoom) {
    paused_ = true;
    return http::Flow::kPause;
  }
  buffer_.append(chunk.data(), chunk.size());
  news_.Set();
  return http::Flow::kContinue;
}

async::Task<absl::StatusOr<std::string>> ZipSink::Take(async::CallContext& call) {
  while (buffer_.empty() && !ended_) {
    news_.Reset();
    absl::Status waited = co_await news_.Wait(call);
    if (!waited.ok()) co_return waited;
  }
  std::string bytes = std::exchange(buffer_, std::string());
  if (std::exchange(paused_, false)) Resume();
  co_return bytes;
}

void ZipSink::End() {
  if (!judged_ && defect_.empty()) defect_ = "it is no ZIP file";
  ended_ = true;
  news_.Set();
}

void ZipSink::Abandon() {
  abandoned_ = true;
  if (std::exchange(paused_, false)) Resume();
}

}  // namespace edugate::adapters
