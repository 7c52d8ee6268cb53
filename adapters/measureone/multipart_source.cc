#include "adapters/measureone/multipart_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace edugate::adapters {

MultipartSource::MultipartSource(std::string boundary) : boundary_(std::move(boundary)) {
  room_.Set();
}

std::string MultipartSource::content_type() const {
  return absl::StrCat("multipart/form-data; boundary=", boundary_);
}

void MultipartSource::BeginFile(absl::string_view file_name, absl::string_view media_type) {
  Append(absl::StrCat(has_file_ ? "\r\n" : "", "--", boundary_,
                      "\r\nContent-Disposition: form-data; name=\"files[]\"; filename=\"",
                      QuotedFileName(file_name), "\"\r\nContent-Type: ", media_type, "\r\n\r\n"));
  has_file_ = true;
}

async::Task<absl::Status> MultipartSource::Write(async::CallContext& call, std::string bytes) {
  absl::Status waited = co_await room_.Wait(call);
  if (!waited.ok()) co_return waited;
  Append(bytes);
  co_return absl::OkStatus();
}

void MultipartSource::Finish() {
  Append(absl::StrCat(has_file_ ? "\r\n" : "", "--", boundary_, "--\r\n"));
  state_ = State::kFinished;
  Resume();
}

void MultipartSource::Abandon() {
  state_ = State::kAbandoned;
  Resume();
}

void MultipartSource::Append(absl::string_view bytes) {
  // What has been sent goes here, too: a writer that is always ahead never lets the buffer run
  // empty. Not for less than kRoom, so that small pieces aren't moved again and again.
  if (sent_ >= kRoom) {
    buffer_.erase(0, sent_);
    sent_ = 0;
  }
  buffer_.append(bytes.data(), bytes.size());
  if (waiting() >= kRoom) room_.Reset();
  Resume();
}

MultipartSource::Piece MultipartSource::Read(char* buffer, size_t capacity) {
  if (state_ == State::kAbandoned) return {.kind = Piece::Kind::kAbort};
  if (waiting() == 0) {
    return {.kind = state_ == State::kFinished ? Piece::Kind::kEnd : Piece::Kind::kPause};
  }
  const size_t size = std::min(capacity, waiting());
  std::copy_n(buffer_.data() + sent_, size, buffer);
  sent_ += size;
  if (waiting() == 0) {
    buffer_.clear();
    sent_ = 0;
  }
  if (waiting() < kRoom && !room_.is_set()) room_.Set();
  return {.kind = Piece::Kind::kBytes, .size = size};
}

std::string QuotedFileName(absl::string_view name) {
  return absl::StrReplaceAll(name, {{"\"", "%22"}, {"\r", "%0D"}, {"\n", "%0A"}});
}

}  // namespace edugate::adapters
