// DisclosureLog: the file in which the chain of disclosures is kept, and the thread that writes it.
#ifndef EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_LOG_H_
#define EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_LOG_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/call_context.h"
#include "runtime/async/clock.h"
#include "runtime/async/task.h"
#include "runtime/privacy/disclosure_chain.h"

namespace edugate::privacy {

struct DisclosureLogOptions {
  std::string path;  // its folder exists
  std::string key;   // of the chain; empty: SHA-256
  int64_t max_file_bytes = int64_t{256} << 20;
  // The most lines, and the most bytes of them, that wait for the thread.
  std::size_t max_waiting_lines = 100'000;
  std::size_t max_waiting_bytes = 64u << 20;
  const async::Clock* clock = nullptr;  // null: the system's
};

// What became of lines so far.
struct DisclosureCounts {
  int64_t written = 0;
  int64_t lost = 0;  // there was no room, or the disk failed
  // How often a full file could not be closed and the next one begun: it went on meanwhile.
  int64_t rotations_failed = 0;
};

// Lines are written in the order of Append. All that wait when the thread comes back from the last
// fsync share the next one. A batch that can't be written is taken back out of the file, so that
// the chain goes on after it, and the next one is tried all the same.
//
// At PATH.N a file is closed that has reached its size. Where that or the next file's beginning
// fails, the full one goes on, the log and the counts say so, and each batch tries again. One
// process has the log at a time: PATH.lock is locked. Built before the tasks that use it and
// destroyed after them, but before their loops.
class DisclosureLog {
 public:
  // Opens or creates the log, checks its last line, takes what a crash left of an unfinished line
  // out of the file (saying so in the log) and adds a line that says that it was opened. Blocks:
  // for start-up. UNAVAILABLE, STORE_UNAVAILABLE, where the message says what to mend.
  static absl::StatusOr<std::unique_ptr<DisclosureLog>> Open(DisclosureLogOptions options);

  DisclosureLog(const DisclosureLog&) = delete;
  DisclosureLog& operator=(const DisclosureLog&) = delete;

  // Writes what waits, and closes the file.
  ~DisclosureLog();

  // Hands a line with these members (see MembersOf) to the thread, which adds number and time; it
  // doesn't wait. A line that can't be written is counted and, now and then, logged as an error.
  // Thread-safe.
  void Append(std::string members);

  // The same, and waits until the line is on the disk. UNAVAILABLE, STORE_UNAVAILABLE where it
  // can't be written; CANCELLED or DEADLINE_EXCEEDED if `call` ends first, while the line is
  // written all the same.
  async::Task<absl::Status> AppendAndWait(async::CallContext& call, std::string members);

  DisclosureCounts counts() const;

 private:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  struct Waiting {
    std::string members;
    Done done;  // may be null
  };

  explicit DisclosureLog(DisclosureLogOptions options);

  absl::Status Start();
  absl::Status Lock();
  absl::Status Recover(int64_t* torn_bytes);
  absl::Status OpenFile();
  absl::Status Reopen();
  absl::Status Rotate();
  void NoteRotation(const absl::Status& rotated);
  void Submit(std::string members, Done done);
  void Run();
  absl::Status WriteBatch(const std::vector<std::string>& members);
  absl::Status WriteLines(const std::string& bytes);
  void Lost(int64_t lines, const absl::Status& why);
  std::string Stamped(const std::string& members) const;

  const DisclosureLogOptions options_;
  const async::Clock& clock_;
  const Chain chain_;
  int lock_ = -1;
  // The thread's, after Start().
  int file_ = -1;
  int64_t size_ = 0;
  int64_t files_ = 0;              // the greatest N of PATH.N
  bool rotation_failing_ = false;  // and that has been logged
  ChainEnd end_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  DisclosureCounts counts_;
  int64_t complained_ = 0;  // of `lost`, how many have been logged
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_LOG_H_
