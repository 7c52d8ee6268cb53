// Writes lines to a file descriptor whose reader may be slow or stuck, without ever holding up who
// writes them.
#ifndef RUNTIME_TELEMETRY_LINE_WRITER_H_
#define RUNTIME_TELEMETRY_LINE_WRITER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"

namespace edugate::telemetry {

// Lines wait in memory for a thread that writes them. Where too many wait, further ones are dropped
// and counted, and a line says so once there is room again.
class LineWriter {
 public:
  // The line, with its line break, that says that so many lines were dropped. Called on the
  // writer's thread.
  using LineOfTheDropped = std::function<std::string(int64_t dropped)>;

  // `fd` outlives the writer, which never changes it: others may share it. At most `max_bytes` of
  // lines wait.
  LineWriter(int fd, std::size_t max_bytes, LineOfTheDropped line_of_the_dropped);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Flushes for at most a second.
  ~LineWriter();

  // Appends a line, which brings its own line break. Never waits for the reader.
  void Write(std::string line);

  // Waits until everything is written, for at most `patience`.
  void Flush(absl::Duration patience);

  // Lines taken so far, and lines dropped so far.
  int64_t written() const;
  int64_t dropped() const;

 private:
  void Run();
  bool WriteOut(const std::vector<std::string>& lines);
  bool WriteChunk(const char* data, std::size_t size);
  bool AwaitRoom();

  const int fd_;
  const std::size_t max_bytes_;
  const LineOfTheDropped line_of_the_dropped_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::vector<std::string> lines_;
  std::size_t bytes_ = 0;  // Of the lines that wait and of those being written.
  bool resting_ = true;    // The thread waits for a first line.
  bool urgent_ = false;    // The thread does not wait for more lines.
  bool ending_ = false;
  int64_t written_ = 0;
  int64_t dropped_ = 0;
  int64_t dropped_told_ = 0;
  std::thread thread_;
};

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_LINE_WRITER_H_
