// The receiver of a ZIP file that is passed on while it arrives.
#ifndef ADAPTERS_MEASUREONE_ZIP_SINK_H_
#define ADAPTERS_MEASUREONE_ZIP_SINK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event.h"
#include "runtime/async/task.h"
#include "runtime/http/http_client.h"

namespace edugate::adapters {

// Keeps at most about kRoom bytes and holds the provider back while they are not taken. One
// loop's.
class ZipSink final : public http::BodySink {
 public:
  // Bytes that may wait to be taken.
  static constexpr size_t kRoom = size_t{256} * 1024;

  void Begin(const http::Response& head) override;
  http::Flow Write(absl::string_view chunk) override;

  // The next bytes, once there are some; empty after the last ones. CANCELLED or DEADLINE_EXCEEDED
  // as the call ends.
  async::Task<absl::StatusOr<std::string>> Take(async::CallContext& call);

  // The transfer has ended, well or not: what is left can be taken.
  void End();

  // Nobody takes the bytes any more: the transfer ends.
  void Abandon();

  // Why the reply is no ZIP file that could be passed on; empty where nothing is wrong. From the
  // first bytes on.
  absl::string_view defect() const { return defect_; }

  // The reply's Content-Length, from the first bytes on.
  std::optional<int64_t> size() const { return size_; }

 private:
  std::string buffer_;
  std::string start_;  // the first bytes, until there are enough of them to judge
  bool judged_ = false;
  bool paused_ = false;
  bool ended_ = false;
  bool abandoned_ = false;
  std::string defect_;
  std::optional<int64_t> size_;
  async::Event news_;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_ZIP_SINK_H_
