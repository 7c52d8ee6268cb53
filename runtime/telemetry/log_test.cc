#include "runtime/telemetry/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

namespace edugate::telemetry {
namespace {

using ::testing::MatchesRegex;

// Takes the place of standard error, where the log writes; nobody reads it before Lines().
class StandardError {
 public:
  StandardError() : before_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reader_ = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~StandardError() {
    Restore();
    close(reader_);
  }

  // All that was logged, as the reader gets it that comes now.
  std::vector<std::string> Lines() {
    std::string all;
    std::thread reading([&] {
      char buffer[65536];
      for (ssize_t got; (got = read(reader_, buffer, sizeof(buffer))) > 0;) all.append(buffer, got);
    });
    FlushLog(absl::Seconds(30));
    Info("after");
    FlushLog(absl::Seconds(30));
    Restore();
    reading.join();
    return absl::StrSplit(all, '\n', absl::SkipEmpty());
  }

 private:
  void Restore() {
    if (before_ < 0) return;
    dup2(before_, STDERR_FILENO);
    close(before_);
    before_ = -1;
  }

  int before_;
  int reader_ = -1;
};

// The lines that tell of dropped ones, where more was logged than has room. The log's thread may
// look between two of them; then several lines tell. `dropped`: how many they were.
std::vector<std::string> LinesOfTheDropped(LogFormat format, int64_t* dropped) {
  StandardError standard_error;
  ConfigureLog(LogLevel::kInfo, format);
  const int64_t before = CountsOfLog().dropped;
  const std::string long_message(8191, 'x');
  while (CountsOfLog().dropped < before + 3) Info(long_message);
  *dropped = CountsOfLog().dropped - before;
  std::vector<std::string> lines = standard_error.Lines();
  ConfigureLog(LogLevel::kInfo, LogFormat::kText);
  std::erase_if(lines,
                [](const std::string& line) { return !absl::StrContains(line, "were dropped"); });
  return lines;
}

TEST(LogTest, ALineOfTextTellsOfDroppedLinesInALogOfText) {
  int64_t dropped = 0;
  int64_t told = 0;
  for (const std::string& line : LinesOfTheDropped(LogFormat::kText, &dropped)) {
    ASSERT_THAT(line,
                MatchesRegex("[0-9T:.-]+Z warning lines of the log were dropped while it could "
                             "not be written [{]\"lines\":[0-9]+[}]"));
    told += nlohmann::json::parse(line.substr(line.find('{')))["lines"].get<int64_t>();
  }
  EXPECT_EQ(told, dropped);
}

TEST(LogTest, AnObjectTellsOfDroppedLinesInALogOfJson) {
  int64_t dropped = 0;
  int64_t told = 0;
  for (const std::string& text : LinesOfTheDropped(LogFormat::kJson, &dropped)) {
    const auto line = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(line.is_object()) << text;
    EXPECT_EQ(line.value("level", ""), "warning");
    EXPECT_EQ(line.value("message", ""),
              "lines of the log were dropped while it could not be written");
    EXPECT_TRUE(line.contains("time"));
    told += line.value("lines", int64_t{0});
  }
  EXPECT_EQ(told, dropped);
}

}  // namespace
}  // namespace edugate::telemetry
