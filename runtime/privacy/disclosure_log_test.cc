#include "runtime/privacy/disclosure_log.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/block_on.h"
#include "runtime/async/call_context.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/when_all.h"
#include "runtime/errors/errors.h"
#include "runtime/telemetry/log.h"

namespace edugate::privacy {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class DisclosureLogTest : public ::testing::Test {
 protected:
  DisclosureLogTest() {
    std::string name = ::testing::TempDir() + "disclosures_XXXXXX";
    folder_ = mkdtemp(name.data());
    options_.path = folder_ + "/disclosures.log";
    options_.key = std::string(32, 'k');
  }
  ~DisclosureLogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<DisclosureLog> Open() {
    auto log = DisclosureLog::Open(options_);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  absl::Status Write(DisclosureLog& log, std::string members) {
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    return async::BlockOn(loop_, log.AppendAndWait(call, std::move(members)));
  }

  static std::vector<std::string> FilesOf(const std::string& path) {
    auto files = DisclosureFiles(path);
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *std::move(files) : std::vector<std::string>();
  }

  ChainCheck Check() const { return CheckChain(FilesOf(options_.path), Chain(options_.key)); }

  static std::vector<std::string> LinesOfText(const std::string& text) {
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }
  std::vector<std::string> LinesOf(const std::string& path) const {
    return LinesOfText(ReadAll(path));
  }

  async::EventLoop loop_;
  std::string folder_;
  DisclosureLogOptions options_;
};

TEST_F(DisclosureLogTest, KeepsAChainOfLines) {
  {
    auto log = Open();
    EXPECT_TRUE(Write(*log, R"("kind":"read","n":1)").ok());
    log->Append(R"("kind":"read","n":2)");
    EXPECT_TRUE(Write(*log, R"("kind":"read","n":3)").ok());
    EXPECT_EQ(log->counts().written, 3);
    EXPECT_EQ(log->counts().lost, 0);
    // On the disk when the call is answered, not only at the end.
    EXPECT_THAT(ReadAll(options_.path), HasSubstr("\"n\":3"));
  }
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  // The file's and the process's first lines, and three.
  EXPECT_EQ(check.lines, 5);
  struct stat status;
  ASSERT_EQ(stat(options_.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(DisclosureLogTest, ARestartGoesOnWithTheChain) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.lines, 1 + 3 * 2);
}

TEST_F(DisclosureLogTest, ManyAtOnceAreAllThere) {
  constexpr int kLines = 500;
  {
    auto log = Open();
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    std::vector<async::Task<absl::Status>> tasks;
    for (int i = 0; i < kLines; ++i) {
      tasks.push_back(log->AppendAndWait(call, absl::StrCat("\"n\":", i)));
    }
    for (const absl::Status& status : async::BlockOn(loop_, async::WhenAll(std::move(tasks)))) {
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.lines, kLines + 2);
}

TEST_F(DisclosureLogTest, WhatACrashLeftOfALineIsTakenOutAndSaid) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::ofstream(options_.path, std::ios::app) << "{\"seq\":4,\"time\"";
  EXPECT_FALSE(Check().whole);
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_THAT(ReadAll(options_.path), HasSubstr("\"kind\":\"start\",\"torn_bytes\":15"));
}

TEST_F(DisclosureLogTest, ACrashMayLeaveNulsOfALine) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::ofstream(options_.path, std::ios::app) << "{\"se" << std::string(40, '\0');
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_THAT(ReadAll(options_.path), HasSubstr("\"torn_bytes\":44"));
}

TEST_F(DisclosureLogTest, ATailThatDoesNotVerifyStopsTheStart) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::string text = ReadAll(options_.path);
  text[text.rfind("read")] = 'R';
  text += "{\"seq\":4,\"time\"";
  std::ofstream(options_.path, std::ios::trunc) << text;
  const auto log = DisclosureLog::Open(options_);
  EXPECT_EQ(errors::ReasonOf(log.status()), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("doesn't verify"));
  // Nothing was added to it or taken out.
  EXPECT_EQ(ReadAll(options_.path), text);
}

TEST_F(DisclosureLogTest, AnEmptyLineAtTheEndDoesNotBeginAnotherChain) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::ofstream(options_.path, std::ios::app) << '\n';
  const std::string text = ReadAll(options_.path);
  const auto log = DisclosureLog::Open(options_);
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("doesn't verify"));
  EXPECT_EQ(ReadAll(options_.path), text);
}

TEST_F(DisclosureLogTest, AnEmptiedClosedFileDoesNotBeginAnotherChain) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::filesystem::remove(options_.path);
  std::ofstream(options_.path + ".1").flush();
  const auto log = DisclosureLog::Open(options_);
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("doesn't verify"));
}

TEST_F(DisclosureLogTest, AnotherKeyStopsTheStart) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  options_.key = std::string(32, 'x');
  EXPECT_FALSE(DisclosureLog::Open(options_).ok());
}

TEST_F(DisclosureLogTest, AFileOfSomethingElseIsLeftAlone) {
  for (const char* text : {"something else\n", "something else\n\n", "something else",
                           "something\nelse", "{\"something\":\"else\"}"}) {
    std::ofstream(options_.path, std::ios::trunc) << text;
    EXPECT_FALSE(DisclosureLog::Open(options_).ok()) << text;
    EXPECT_EQ(ReadAll(options_.path), text);
  }
}

TEST_F(DisclosureLogTest, BelongsToOneProcessAtATime) {
  auto log = Open();
  const auto second = DisclosureLog::Open(options_);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another process"));
  log.reset();
  EXPECT_TRUE(DisclosureLog::Open(options_).ok());
}

TEST_F(DisclosureLogTest, AFullFileIsClosedAndTheChainGoesOnInTheNext) {
  options_.max_file_bytes = 2000;
  {
    auto log = Open();
    for (int i = 0; i < 30; ++i) {
      EXPECT_TRUE(Write(*log, absl::StrCat("\"kind\":\"read\",\"n\":", i)).ok());
    }
  }
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const std::vector<std::string> files = FilesOf(options_.path);
  EXPECT_GT(files.size(), 3u);
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  for (const std::string& file : files) {
    EXPECT_THAT(LinesOf(file).front(), HasSubstr("\"kind\":\"file\"")) << file;
  }
  // One of the files in the middle is gone.
  std::filesystem::remove(files[1]);
  EXPECT_FALSE(Check().whole);
  // The oldest ones may be kept elsewhere.
  std::filesystem::remove(files[0]);
  EXPECT_TRUE(Check().whole);
  EXPECT_GT(Check().first_seq, 1);
}

TEST_F(DisclosureLogTest, AFileThatIsBroughtBackIsNotReplaced) {
  options_.max_file_bytes = 1;  // Each line closes the file before it.
  EXPECT_TRUE(Write(*Open(), R"("kind":"read","n":1)").ok());
  ASSERT_EQ(FilesOf(options_.path).size(), 2u);
  const std::string closed = options_.path + ".1";
  const std::string elsewhere = folder_ + "/moved_away";
  std::filesystem::rename(closed, elsewhere);
  auto log = Open();
  // As for a check of the whole log.
  std::filesystem::rename(elsewhere, closed);
  const std::string old = ReadAll(closed);
  EXPECT_TRUE(Write(*log, R"("kind":"read","n":2)").ok());
  log.reset();
  EXPECT_EQ(ReadAll(closed), old);
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.files, 3);
  EXPECT_EQ(check.first_seq, 1);
}

TEST_F(DisclosureLogTest, AnEndBetweenTwoFilesIsGoneOnFrom) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  std::filesystem::rename(options_.path, options_.path + ".1");
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.files, 2);
}

// What a folder's mode says holds for root, too.
class ModesHold {
 public:
  ModesHold() {
    EXPECT_EQ(syscall(SYS_capget, &header_, before_.data()), 0);
    auto plain = before_;
    for (const unsigned right : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH}) {
      plain[CAP_TO_INDEX(right)].effective &= ~CAP_TO_MASK(right);
    }
    EXPECT_EQ(syscall(SYS_capset, &header_, plain.data()), 0);
  }
  ModesHold(const ModesHold&) = delete;
  ModesHold& operator=(const ModesHold&) = delete;
  ~ModesHold() { EXPECT_EQ(syscall(SYS_capset, &header_, before_.data()), 0); }

 private:
  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> before_{};
};

TEST_F(DisclosureLogTest, InAFolderThatCantBeListedNoOtherChainIsBegun) {
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  ASSERT_EQ(chmod(folder_.c_str(), S_IWUSR | S_IXUSR), 0);
  {
    const ModesHold modes_hold;
    EXPECT_EQ(DisclosureFiles(options_.path).status().code(), absl::StatusCode::kUnavailable);
    // What it goes on from is there.
    EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
    std::filesystem::rename(options_.path, options_.path + ".1");
    const absl::Status refused = DisclosureLog::Open(options_).status();
    EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("can't be looked into"));
  }
  ASSERT_EQ(chmod(folder_.c_str(), S_IRWXU), 0);
  EXPECT_TRUE(Write(*Open(), "\"kind\":\"read\"").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.files, 2);
  EXPECT_EQ(check.first_seq, 1);
}

TEST_F(DisclosureLogTest, AFullDiskFailsTheCallAndLeavesTheChainWhole) {
  auto log = Open();
  EXPECT_TRUE(Write(*log, "\"n\":1").ok());
  const int64_t size = static_cast<int64_t>(std::filesystem::file_size(options_.path));
  // The kernel's way of saying no, in the middle of a line.
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit full = before;
  full.rlim_cur = static_cast<rlim_t>(size + 20);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const absl::Status refused = Write(*log, "\"n\":2");
  log->Append("\"n\":3");
  const absl::Status refused_too = Write(*log, "\"n\":4");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignored);
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE) << refused;
  EXPECT_EQ(errors::ReasonOf(refused_too), v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(log->counts().lost, 3);
  EXPECT_TRUE(Check().whole) << Check().fault;
  // There is room again.
  EXPECT_TRUE(Write(*log, "\"n\":5").ok());
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_THAT(LinesOf(options_.path), SizeIs(4));
}

TEST_F(DisclosureLogTest, WhereTheNextFileCantBeBegunTheFullOneGoesOn) {
  options_.max_file_bytes = 1;  // Each line closes the file before it.
  auto log = Open();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const absl::Status first = Write(*log, R"("kind":"read","n":1)");
  const absl::Status second = Write(*log, R"("kind":"read","n":2)");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_EQ(FilesOf(options_.path).size(), 1u);
  const absl::Status third = Write(*log, R"("kind":"read","n":3)");
  EXPECT_TRUE(third.ok()) << third;
  EXPECT_EQ(FilesOf(options_.path).size(), 2u);
  EXPECT_EQ(log->counts().written, 3);
  EXPECT_EQ(log->counts().lost, 0);
  EXPECT_EQ(log->counts().rotations_failed, 2);
  log.reset();
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  // The first lines of two files and of the process, and three.
  EXPECT_EQ(check.lines, 6);
}

// A folder stands under the name that a full file is to have: no file can be renamed to it.
class TakenName {
 public:
  explicit TakenName(std::string path) : path_(std::move(path)) {
    EXPECT_EQ(mkdir(path_.c_str(), 0700), 0);
  }
  TakenName(const TakenName&) = delete;
  TakenName& operator=(const TakenName&) = delete;
  ~TakenName() { EXPECT_EQ(rmdir(path_.c_str()), 0); }

 private:
  const std::string path_;
};

TEST_F(DisclosureLogTest, WhereAFullFileCantBeRenamedItGoesOnAndSaysSoOnce) {
  options_.max_file_bytes = 1;
  auto log = Open();
  std::string said;
  {
    const TakenName taken(options_.path + ".1");
    telemetry::FlushLog(absl::Seconds(30));
    ::testing::internal::CaptureStderr();
    for (int i = 0; i < 20; ++i) {
      const absl::Status written = Write(*log, absl::StrCat("\"kind\":\"read\",\"n\":", i));
      EXPECT_TRUE(written.ok()) << written;
    }
    telemetry::FlushLog(absl::Seconds(30));
    said = ::testing::internal::GetCapturedStderr();
  }
  EXPECT_EQ(FilesOf(options_.path).size(), 1u);
  EXPECT_EQ(log->counts().written, 20);
  EXPECT_EQ(log->counts().lost, 0);
  EXPECT_EQ(log->counts().rotations_failed, 20);
  EXPECT_THAT(said, HasSubstr("can't be closed as " + options_.path + ".1"));
  EXPECT_THAT(LinesOfText(said), SizeIs(1));
  // The name is free again.
  EXPECT_TRUE(Write(*log, "\"kind\":\"read\",\"n\":20").ok());
  EXPECT_EQ(FilesOf(options_.path).size(), 2u);
  log.reset();
  const ChainCheck check = Check();
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.lines, 2 + 21 + 1);
}

TEST_F(DisclosureLogTest, WhereAFullFileCantBeRenamedALineThatCantBeWrittenStillFailsItsCall) {
  options_.max_file_bytes = 1;
  auto log = Open();
  {
    const TakenName taken(options_.path + ".1");
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit full = before;
    full.rlim_cur = static_cast<rlim_t>(std::filesystem::file_size(options_.path) + 20);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    const absl::Status refused = Write(*log, "\"n\":1");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, ignored);
    EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE) << refused;
    EXPECT_EQ(log->counts().lost, 1);
    EXPECT_TRUE(Write(*log, "\"n\":2").ok());
  }
  log.reset();
  EXPECT_TRUE(Check().whole) << Check().fault;
}

TEST_F(DisclosureLogTest, APlaceThatCantBeWrittenStopsTheStart) {
  options_.path = folder_ + "/no_such_folder/disclosures.log";
  EXPECT_EQ(errors::ReasonOf(DisclosureLog::Open(options_).status()),
            v1::ERROR_REASON_STORE_UNAVAILABLE);
  // A folder that exists and can't be written.
  options_.path = "/proc/disclosures.log";
  EXPECT_FALSE(DisclosureLog::Open(options_).ok());
}

TEST_F(DisclosureLogTest, AFullQueueLosesTheLineAndCountsIt) {
  options_.max_waiting_bytes = 10;
  auto log = Open();
  const absl::Status refused = Write(*log, "\"kind\":\"read\"");
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_STORE_UNAVAILABLE);
  log->Append("\"kind\":\"read\"");
  EXPECT_EQ(log->counts().lost, 2);
}

}  // namespace
}  // namespace edugate::privacy
