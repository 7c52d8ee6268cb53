// A multipart/form-data request body whose files arrive while it is being sent.
#ifndef ADAPTERS_MEASUREONE_MULTIPART_SOURCE_H_
#define ADAPTERS_MEASUREONE_MULTIPART_SOURCE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/task.h"
#include "runtime/http/http_client.h"

namespace edugate::adapters {

// The body that RFC 7578 describes, with one part named files[] for each file. It holds back who
// writes it while more than kRoom bytes wait to be sent, so that a file of any size passes through
// little memory. One loop's.
class MultipartSource final : public http::BodySource {
 public:
  // Bytes that may wait.
  static constexpr size_t kRoom = size_t{256} * 1024;

  // `boundary` occurs in no file: random, 1 to 70 letters and digits.
  explicit MultipartSource(std::string boundary);

  // The request's Content-Type.
  std::string content_type() const;

  // Begins a file, after the one before.
  void BeginFile(absl::string_view file_name, absl::string_view media_type);

  // Appends bytes to the file once there is room. CANCELLED or DEADLINE_EXCEEDED as the call ends.
  async::Task<absl::Status> Write(async::CallContext& call, std::string bytes);

  // Ends the body after the last file. Nothing is written afterwards.
  void Finish();

  // The body can't be completed: the exchange ends.
  void Abandon();

  // Bytes of memory that the body takes now.
  size_t memory() const { return buffer_.capacity(); }

  Piece Read(char* buffer, size_t capacity) override;

 private:
  enum class State { kOpen, kFinished, kAbandoned };

  void Append(absl::string_view bytes);
  size_t waiting() const { return buffer_.size() - sent_; }

  const std::string boundary_;
  std::string buffer_;
  size_t sent_ = 0;  // how much of the buffer has been read
  bool has_file_ = false;
  State state_ = State::kOpen;
  async::Event room_;
};

// `name` as it stands in a part's header: quotes and line breaks percent-encoded (WHATWG HTML,
// "multipart/form-data").
std::string QuotedFileName(absl::string_view name);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MULTIPART_SOURCE_H_
