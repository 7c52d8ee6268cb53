// The writing side of a server stream, as handlers see it.
#ifndef SERVICES_STREAM_WRITER_H_
#define SERVICES_STREAM_WRITER_H_

#include "absl/status/status.h"
#include "runtime/async/task.h"

namespace edugate::services {

template <typename Item>
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // Sends one message, after the one before it has been taken: a slow reader slows the handler
  // down. An error ends the stream: the caller is gone, its deadline has passed, or it has read
  // nothing for too long.
  virtual async::Task<absl::Status> Write(Item item) = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_STREAM_WRITER_H_
