#include "runtime/config/file_watch.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace edugate::config {
namespace {

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    folder_ = testing::TempDir() + "edugate-watch-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) abort();
  }
  ~FileWatchTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

  std::string folder_;
};

TEST_F(FileWatchTest, AChangeIsToldOnceAfterTheFileHasComeToRest) {
  FileWatch watch;
  watch.Watch({Write("a", "one")});
  EXPECT_FALSE(watch.Changed());
  Write("a", "a longer one");
  EXPECT_FALSE(watch.Changed()) << "it may still be written";
  EXPECT_TRUE(watch.Changed());
  EXPECT_FALSE(watch.Changed());
}

TEST_F(FileWatchTest, AFileThatIsStillWrittenIsWaitedFor) {
  FileWatch watch;
  watch.Watch({Write("a", "one")});
  Write("a", "a longer one");
  EXPECT_FALSE(watch.Changed());
  Write("a", "an even longer one");
  EXPECT_FALSE(watch.Changed());
  EXPECT_TRUE(watch.Changed());
}

TEST_F(FileWatchTest, ALinkThatPointsElsewhereIsAChange) {
  // As Kubernetes mounts secrets and configuration maps.
  std::filesystem::create_directory(Path("..1"));
  std::filesystem::create_directory(Path("..2"));
  Write("..1/key", "same");
  Write("..2/key", "same");
  std::filesystem::create_symlink("..1", Path("..data"));
  std::filesystem::create_symlink("..data/key", Path("key"));
  FileWatch watch;
  watch.Watch({Path("key")});
  std::filesystem::create_symlink("..2", Path("..data_tmp"));
  std::filesystem::rename(Path("..data_tmp"), Path("..data"));
  EXPECT_FALSE(watch.Changed());
  EXPECT_TRUE(watch.Changed());
}

TEST_F(FileWatchTest, AFileThatGoesAndOneThatComesAreChanges) {
  FileWatch watch;
  watch.Watch({Write("a", "one"), Path("b")});
  std::filesystem::remove(Path("a"));
  watch.Changed();
  EXPECT_TRUE(watch.Changed());
  Write("b", "two");
  watch.Changed();
  EXPECT_TRUE(watch.Changed());
}

TEST_F(FileWatchTest, WhatWasWatchedBeforeKeepsWhatIsKnown) {
  FileWatch watch;
  watch.Watch({Write("a", "one")});
  Write("a", "a longer one");
  watch.Watch({Path("a"), Write("b", "two")});
  watch.Changed();
  EXPECT_TRUE(watch.Changed());
}

}  // namespace
}  // namespace edugate::config
