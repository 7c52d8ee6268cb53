// Runs the program as a person does.
#ifndef TESTS_END_TO_END_PROCESS_H_
#define TESTS_END_TO_END_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::end_to_end {

// Whether this process's resident memory says what is in use: the address sanitizer keeps freed
// memory for a while, and the thread sanitizer takes its own.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kMemoryTells = false;
#else
inline constexpr bool kMemoryTells = true;
#endif

// A program that has ended.
struct Ended {
  int exit_code = -1;  // 128 and the signal's number where a signal ended it
  std::string out;
  std::string err;
};

// A running program. Killed when it goes.
class Process {
 public:
  // Starts `arguments[0]`.
  static std::unique_ptr<Process> Start(const std::vector<std::string>& arguments);

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  // Reads standard output up to a line that begins with `prefix`, and returns the rest of that
  // line; "" where the output ends before.
  std::string AwaitLine(absl::string_view prefix);

  void Signal(int number);

  // -1 once it has been waited for.
  pid_t pid() const { return pid_; }

  // Waits for its end.
  Ended Wait();

 private:
  Process(pid_t pid, int out, int err) : pid_(pid), out_(out), err_(err) {}

  pid_t pid_;
  int out_;
  int err_;
  std::string read_;
};

// Runs a program to its end.
Ended RunProgram(const std::vector<std::string>& arguments);

// A folder that goes with its content.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();

  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_PROCESS_H_
