// For tests: a process that can be killed like edugate itself.
#ifndef EDUGATE_RUNTIME_STORE_CHILD_PROCESS_H_
#define EDUGATE_RUNTIME_STORE_CHILD_PROCESS_H_

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "absl/functional/any_invocable.h"

namespace edugate::store {

// Forks a child that runs a function, which reports numbers to the parent. Started before the test
// has any thread.
class ChildProcess {
 public:
  // Tells the parent a number.
  class Reporter {
   public:
    explicit Reporter(int fd) : fd_(fd) {}
    void Report(int64_t number) {
      if (write(fd_, &number, sizeof(number)) != sizeof(number)) _exit(2);
    }

   private:
    int fd_;
  };

  explicit ChildProcess(absl::AnyInvocable<void(Reporter)> body) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) abort();
    pid_ = fork();
    if (pid_ < 0) abort();
    if (pid_ == 0) {
      close(ends[0]);
      body(Reporter(ends[1]));
      _exit(0);
    }
    close(ends[1]);
    reports_ = ends[0];
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    Kill();
    close(reports_);
  }

  // The child's next number, which it may have sent before it was killed. None once there are no
  // more.
  std::optional<int64_t> Next() {
    int64_t number = 0;
    if (read(reports_, &number, sizeof(number)) != sizeof(number)) return std::nullopt;
    return number;
  }

  // kill -9, and waits until it is gone.
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int reports_ = -1;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_CHILD_PROCESS_H_
