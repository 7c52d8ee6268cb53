#include "runtime/telemetry/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

namespace edugate::telemetry {
namespace {

// How long the thread waits for more lines after the first one, so that under load a wake-up and a
// write serve many of them.
constexpr auto kLinger = std::chrono::milliseconds(5);
// How long it waits for room before it looks whether it is to end.
constexpr int kLookMs = 100;
constexpr absl::Duration kFlushAtEnd = absl::Seconds(1);

}  // namespace

LineWriter::LineWriter(int fd, std::size_t max_bytes, LineOfTheDropped line_of_the_dropped)
    : fd_(fd), max_bytes_(max_bytes), line_of_the_dropped_(std::move(line_of_the_dropped)) {
  // The program's own thread waits for signals; a new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "edugate-log");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineWriter::~LineWriter() {
  Flush(kFlushAtEnd);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  filled_.notify_all();
  thread_.join();
}

void LineWriter::Write(std::string line) {
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bytes_ + line.size() > max_bytes_) {
      ++dropped_;
      return;
    }
    bytes_ += line.size();
    ++written_;
    lines_.push_back(std::move(line));
    wake = std::exchange(resting_, false);
  }
  if (wake) filled_.notify_one();
}

void LineWriter::Flush(absl::Duration patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  urgent_ = true;
  filled_.notify_all();
  emptied_.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return bytes_ == 0; });
  urgent_ = false;
}

int64_t LineWriter::written() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return written_;
}

int64_t LineWriter::dropped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return dropped_;
}

void LineWriter::Run() {
  std::vector<std::string> taken;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    resting_ = lines_.empty();
    filled_.wait(lock, [this] { return !lines_.empty() || ending_; });
    resting_ = false;
    if (ending_) return;
    filled_.wait_for(lock, kLinger, [this] { return urgent_ || ending_; });
    taken.swap(lines_);
    std::size_t size = 0;
    for (const std::string& line : taken) size += line.size();
    const int64_t lost = dropped_ - std::exchange(dropped_told_, dropped_);
    lock.unlock();
    if (WriteOut(taken) && lost > 0) WriteOut({line_of_the_dropped_(lost)});
    taken.clear();
    lock.lock();
    bytes_ -= size;
    if (bytes_ == 0) emptied_.notify_all();
  }
}

// In pieces of whole lines that a pipe takes at once. False: the reader is gone, or the writer is
// ending and the reader does not read.
bool LineWriter::WriteOut(const std::vector<std::string>& lines) {
  std::string piece;
  for (const std::string& line : lines) {
    if (!piece.empty() && piece.size() + line.size() > PIPE_BUF) {
      if (!WriteChunk(piece.data(), piece.size())) return false;
      piece.clear();
    }
    piece += line;
  }
  return WriteChunk(piece.data(), piece.size());
}

bool LineWriter::WriteChunk(const char* data, std::size_t size) {
  while (size > 0) {
    if (!AwaitRoom()) return false;
    // A pipe that poll() calls writable takes PIPE_BUF bytes without blocking, whatever its flags.
    const ssize_t went = write(fd_, data, std::min<std::size_t>(size, PIPE_BUF));
    if (went < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return false;
    }
    data += went;
    size -= static_cast<std::size_t>(went);
  }
  return true;
}

bool LineWriter::AwaitRoom() {
  for (;;) {
    pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int ready = poll(&room, 1, kLookMs);
    if (ready > 0) return (room.revents & (POLLERR | POLLNVAL)) == 0;
    if (ready < 0 && errno != EINTR) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ending_) return false;
  }
}

}  // namespace edugate::telemetry
