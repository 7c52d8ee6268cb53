// The writing side of a server stream, as handlers see it.
#ifndef SERVICES_STREAM_WRITER_H_
#define SERVICES_STREAM_WRITER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
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

  // Adds to what follows the last message. `key` is lower case; a key may be added several times.
  // Where there is nothing after the last message, it is dropped.
  virtual void AddTrailer(absl::string_view key, const std::string& value) {
    static_cast<void>(key);
    static_cast<void>(value);
  }
};

}  // namespace edugate::services

#endif  // SERVICES_STREAM_WRITER_H_
