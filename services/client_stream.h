// The reading side of a client stream, as handlers see it.
#ifndef SERVICES_CLIENT_STREAM_H_
#define SERVICES_CLIENT_STREAM_H_

#include <optional>

#include "absl/status/statusor.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::services {

template <typename Item>
class ClientStream {
 public:
  virtual ~ClientStream() = default;

  // The next message, none after the caller's last one. The one after it is not read before it is
  // asked for: a slow handler slows the caller down. Errors: CANCELLED where the caller is gone in
  // the middle, DEADLINE_EXCEEDED, as `call` ends, which may be a part of the stream's call, and
  // DEADLINE_EXCEEDED where the caller sends nothing for too long.
  virtual async::Task<absl::StatusOr<std::optional<Item>>> Read(async::CallContext& call) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_CLIENT_STREAM_H_
