#include "runtime/config/rotating_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "runtime/async/test_loop.h"

namespace edugate::config {
namespace {

// A secret's file in a folder of its own.
class RotatingSecretTest : public testing::Test {
 protected:
  RotatingSecretTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  // Replaces the file as tools do: by renaming a new one onto it.
  void Replace(const std::string& content) {
    std::ofstream(folder_ + "/new", std::ios::binary) << content;
    std::filesystem::rename(folder_ + "/new", path_);
  }

  std::unique_ptr<RotatingSecret> Open(RotatingSecret::Check check = nullptr) {
    auto secret = RotatingSecret::Open(SecretSource::File(path_), std::move(check), &clock_);
    EXPECT_TRUE(secret.ok()) << secret.status();
    return secret.ok() ? *std::move(secret) : nullptr;
  }

  const std::string folder_ = testing::TempDir() + "rotating_secret_test_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path_ = folder_ + "/secret";
  async::FakeClock clock_;
};

TEST_F(RotatingSecretTest, FollowsAReplacedFileWithinASecond) {
  Replace("one\n");
  auto secret = Open();
  EXPECT_EQ(secret->Get()->Reveal(), "one");
  Replace("two\n");
  clock_.Advance(absl::Milliseconds(999));
  EXPECT_EQ(secret->Get()->Reveal(), "one");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(secret->Get()->Reveal(), "two");
}

TEST_F(RotatingSecretTest, LooksAtOnceWhenItIsToldTo) {
  Replace("one");
  auto secret = Open();
  Replace("two");
  EXPECT_EQ(secret->GetFresh()->Reveal(), "two");
}

TEST_F(RotatingSecretTest, WhoIsToLookAtOnceDoesNotGetWhatAnotherIsAboutToReplace) {
  Replace("one");
  std::latch reads(1);
  std::latch asks(1);
  auto secret = Open([&](absl::string_view text) {
    if (text != "one") {
      reads.count_down();
      asks.wait();
      // The other one is at it by then, or comes later: it is right in either case.
      absl::SleepFor(absl::Milliseconds(100));
    }
    return absl::OkStatus();
  });
  Replace("two");
  std::thread reading([&secret] { EXPECT_EQ(secret->GetFresh()->Reveal(), "two"); });
  reads.wait();
  // Who needs not look goes on with what is known.
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(secret->Get()->Reveal(), "one");
  asks.count_down();
  EXPECT_EQ(secret->GetFresh()->Reveal(), "two");
  reading.join();
}

TEST_F(RotatingSecretTest, FollowsAFileThatIsWrittenInPlace) {
  Replace("one");
  auto secret = Open();
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << "three";
  EXPECT_EQ(secret->GetFresh()->Reveal(), "three");
}

TEST_F(RotatingSecretTest, FollowsASymbolicLinkAsKubernetesSwapsIt) {
  std::filesystem::create_directories(folder_ + "/v1");
  std::filesystem::create_directories(folder_ + "/v2");
  std::ofstream(folder_ + "/v1/secret") << "one";
  std::ofstream(folder_ + "/v2/secret") << "two";
  std::filesystem::create_symlink("v1", folder_ + "/..data");
  std::filesystem::create_symlink("..data/secret", path_);
  auto secret = Open();
  EXPECT_EQ(secret->Get()->Reveal(), "one");
  std::filesystem::create_symlink("v2", folder_ + "/..data_new");
  std::filesystem::rename(folder_ + "/..data_new", folder_ + "/..data");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(secret->Get()->Reveal(), "two");
}

TEST_F(RotatingSecretTest, KeepsTheLastGoodOneAsLongAsTheNewOneCantBeRead) {
  Replace("one");
  auto secret = Open();
  Replace("");
  EXPECT_EQ(secret->GetFresh()->Reveal(), "one");
  std::filesystem::remove(path_);
  EXPECT_EQ(secret->GetFresh()->Reveal(), "one");
  // Of another length: it may have the inode of the first one, and be written in the same tick of
  // the file system's clock.
  Replace("three");
  EXPECT_EQ(secret->GetFresh()->Reveal(), "three");
}

TEST_F(RotatingSecretTest, KeepsTheLastGoodOneWhenTheCheckRefusesTheNewOne) {
  Replace("one");
  auto secret = Open([](absl::string_view text) {
    return absl::StrContains(text, '\n') ? absl::InvalidArgumentError("has a line break")
                                         : absl::OkStatus();
  });
  Replace("two\ninjected");
  EXPECT_EQ(secret->GetFresh()->Reveal(), "one");
}

TEST_F(RotatingSecretTest, IsRefusedFromTheStartByTheCheck) {
  Replace("one");
  auto secret = RotatingSecret::Open(
      SecretSource::File(path_), [](absl::string_view) { return absl::InvalidArgumentError("no"); },
      &clock_);
  EXPECT_EQ(secret.status(), absl::InvalidArgumentError("no"));
}

TEST_F(RotatingSecretTest, AValueNeverChanges) {
  auto secret = RotatingSecret::Open(SecretSource::Value("fixed"), nullptr, &clock_);
  ASSERT_TRUE(secret.ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ((*secret)->Get()->Reveal(), "fixed");
  EXPECT_EQ((*secret)->GetFresh()->Reveal(), "fixed");
}

TEST_F(RotatingSecretTest, ManyThreadsSeeOneOfTheSecretsWhileItIsReplaced) {
  Replace("a");
  auto secret = Open();
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&secret, &wrong] {
      for (int round = 0; round < 500; ++round) {
        const std::string seen(secret->GetFresh()->Reveal());
        if (seen != "a" && seen != "bb") wrong = true;
      }
    });
  }
  for (int round = 0; round < 100; ++round) Replace(round % 2 == 0 ? "bb" : "a");
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
  // Of a length that none had: a file that was read as another replaced it is told from the latest
  // by nothing else if that has its inode and its time.
  Replace("the last");
  EXPECT_EQ(secret->GetFresh()->Reveal(), "the last");
}

}  // namespace
}  // namespace edugate::config
