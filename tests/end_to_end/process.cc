#include "tests/end_to_end/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"

extern char** environ;

namespace edugate::end_to_end {
namespace {

void Check(bool right, const char* what) {
  if (right) return;
  std::perror(what);
  std::abort();
}

// Reads what is there, waiting for something. False at the end.
bool ReadSome(int fd, std::string& into) {
  char buffer[4096];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  if (got > 0) into.append(buffer, got);
  return got > 0;
}

}  // namespace

std::unique_ptr<Process> Process::Start(const std::vector<std::string>& arguments) {
  int out[2];
  int err[2];
  Check(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0, "pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  Check(failed == 0, argv[0]);
  return std::unique_ptr<Process>(new Process(pid, out[0], err[0]));
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
  close(err_);
}

std::string Process::AwaitLine(absl::string_view prefix) {
  for (size_t begin = 0;;) {
    const size_t end = read_.find('\n', begin);
    if (end == std::string::npos) {
      if (!ReadSome(out_, read_)) return "";
      continue;
    }
    const std::string line = read_.substr(begin, end - begin);
    if (absl::StartsWith(line, prefix)) return line.substr(prefix.size());
    begin = end + 1;
  }
}

void Process::Signal(int number) { kill(pid_, number); }

Ended Process::Wait() {
  Ended ended;
  ended.out = std::move(read_);
  pollfd ends[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  std::string* const texts[2] = {&ended.out, &ended.err};
  for (int open = 2; open > 0;) {
    poll(ends, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      if (ReadSome(ends[i].fd, *texts[i])) continue;
      ends[i].fd = -1;
      --open;
    }
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

Ended RunProgram(const std::vector<std::string>& arguments) {
  return Process::Start(arguments)->Wait();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "edugate_XXXXXX").string();
  Check(mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& content) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace edugate::end_to_end
