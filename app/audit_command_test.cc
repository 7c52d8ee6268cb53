#include "app/audit_command.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/privacy/disclosure_chain.h"

namespace edugate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class AuditVerifyTest : public ::testing::Test {
 protected:
  AuditVerifyTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    command_.log_file = ::testing::TempDir() + "audit_" + info->name() + ".log";
    command_.key_file = ::testing::TempDir() + "audit_" + info->name() + ".key";
    std::ofstream(command_.key_file) << std::string(32, 'k') << "\n";
    const privacy::Chain chain(std::string(32, 'k'));
    for (int i = 0; i < 3; ++i) {
      lines_.push_back(chain.Line(absl::StrCat("\"n\":", i), end_));
      hashes_.push_back(end_.hash);
    }
    Save();
  }

  void Save() const {
    std::ofstream file(command_.log_file, std::ios::trunc);
    for (const std::string& line : lines_) file << line << '\n';
  }

  int Run() {
    out_.str("");
    errors_.str("");
    return RunAuditVerify(command_, out_, errors_);
  }

  AuditCommand command_;
  privacy::ChainEnd end_;
  std::vector<std::string> lines_;
  std::vector<std::string> hashes_;
  std::ostringstream out_;
  std::ostringstream errors_;
};

TEST_F(AuditVerifyTest, AWholeLogIsOkWithItsLastHash) {
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(out_.str(), absl::StrCat("OK 3 lines in 1 files, from number 1 to 3\nlast hash ",
                                     hashes_.back(), "\n"));
}

TEST_F(AuditVerifyTest, AChangedLineIsNamed) {
  lines_[1][12] = 'x';
  Save();
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_.str(), StartsWith(absl::StrCat("BROKEN ", command_.log_file, ":2: ")));
  EXPECT_THAT(out_.str(), HasSubstr("\n1 lines before it are right"));
}

TEST_F(AuditVerifyTest, AnEndThatWasCutOffShowsByWhatWasNoted) {
  const std::string last = hashes_.back();
  lines_.pop_back();
  Save();
  EXPECT_EQ(Run(), 0);
  command_.expect_hash = last;
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("cut off"));
  command_.expect_hash.clear();
  command_.expect_seq = 3;
  EXPECT_EQ(Run(), 1);
  command_.expect_seq = 2;
  EXPECT_EQ(Run(), 0);
}

TEST_F(AuditVerifyTest, ANotedHashMayBeOfAnEarlierLine) {
  for (const std::string& hash : hashes_) {
    command_.expect_hash = hash;
    EXPECT_EQ(Run(), 0) << hash;
  }
}

TEST_F(AuditVerifyTest, WhatCantBeCheckedIsNotOk) {
  command_.log_file = ::testing::TempDir() + "no_such.log";
  EXPECT_EQ(Run(), 2);
  command_.log_file.clear();
  EXPECT_EQ(Run(), 2);
  command_.config_file = ::testing::TempDir() + "no_such.yaml";
  EXPECT_EQ(Run(), 2);
}

// Whether the log's file is all of it can't be told.
TEST_F(AuditVerifyTest, ALogInAFolderThatCantBeListedIsNotChecked) {
  command_.key_file.clear();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const int exit_code = Run();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(exit_code, 2);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(errors_.str(), HasSubstr(command_.log_file + " can't be looked into"));
}

// A full file is closed while an older one is read.
TEST_F(AuditVerifyTest, ALogThatGoesOnInANewFileMeanwhileIsWhole) {
  const std::string oldest = command_.log_file + ".1";
  const std::string full = command_.log_file + ".2";
  const auto save = [](const std::string& path, const std::string& line) {
    std::ofstream(path, std::ios::trunc) << line << '\n';
  };
  std::filesystem::remove(oldest);
  std::filesystem::remove(full);
  // Who reads it waits until somebody writes, and the other way round.
  ASSERT_EQ(mkfifo(oldest.c_str(), 0600), 0);
  save(command_.log_file, lines_[1]);
  std::thread closing([&] {
    std::ofstream read_now(oldest);
    std::filesystem::rename(command_.log_file, full);
    save(command_.log_file, lines_[2]);
    // For the second look.
    const std::string again = oldest + "_again";
    save(again, lines_[0]);
    std::filesystem::rename(again, oldest);
    read_now << lines_[0] << '\n';
  });
  const int exit_code = Run();
  closing.join();
  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(out_.str(), absl::StrCat("OK 3 lines in 3 files, from number 1 to 3\nlast hash ",
                                     hashes_.back(), "\n"));
  std::filesystem::remove(oldest);
  std::filesystem::remove(full);
}

TEST_F(AuditVerifyTest, WithoutItsKeyALogDoesNotVerify) {
  command_.key_file.clear();
  EXPECT_EQ(Run(), 1);
}

}  // namespace
}  // namespace edugate::app
