#include "runtime/telemetry/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace edugate::telemetry {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  int writer() const { return ends_[1]; }

  // Up to where the writer is closed.
  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = read(ends_[0], buffer, sizeof(buffer))) > 0;) all.append(buffer, got);
    return all;
  }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int ends_[2] = {-1, -1};
};

std::string LineOfTheDropped(int64_t dropped) { return absl::StrCat(dropped, " were dropped\n"); }

TEST(LineWriterTest, WritesLinesInTheirOrder) {
  Pipe pipe;
  {
    LineWriter writer(pipe.writer(), 1 << 20, LineOfTheDropped);
    for (const char* line : {"one\n", "two\n", "three\n"}) writer.Write(line);
    writer.Flush(absl::Seconds(10));
    EXPECT_EQ(writer.written(), 3);
    EXPECT_EQ(writer.dropped(), 0);
  }
  pipe.CloseWriter();
  EXPECT_EQ(pipe.ReadAll(), "one\ntwo\nthree\n");
}

TEST(LineWriterTest, APipeThatNobodyReadsHoldsNobodyUpAndDropsAreCounted) {
  Pipe pipe;
  constexpr int kLines = 50'000;
  LineWriter writer(pipe.writer(), 1 << 20, LineOfTheDropped);
  const std::string line = std::string(99, 'x') + "\n";
  // Were a write to wait for the reader, this would never end.
  for (int i = 0; i < kLines; ++i) writer.Write(line);
  EXPECT_GT(writer.dropped(), 0);
  EXPECT_EQ(writer.written() + writer.dropped(), kLines);
  EXPECT_LE(writer.written() * 100, (1 << 20) + (128 << 10)) << "what waits is bounded";
}

TEST(LineWriterTest, SaysHowManyLinesWereDroppedOnceThereIsRoomAgain) {
  Pipe pipe;
  std::string all;
  std::thread reader;
  int64_t dropped = 0;
  {
    LineWriter writer(pipe.writer(), 256 << 10, LineOfTheDropped);
    const std::string line = std::string(1023, 'x') + "\n";
    while (writer.dropped() < 3) writer.Write(line);
    dropped = writer.dropped();
    reader = std::thread([&] { all = pipe.ReadAll(); });
    writer.Flush(absl::Seconds(10));
    writer.Write("after\n");
    writer.Flush(absl::Seconds(10));
  }
  pipe.CloseWriter();
  reader.join();
  // The writer's thread may look between two of them; then several lines tell.
  int64_t told = 0;
  for (absl::string_view line : absl::StrSplit(all, '\n')) {
    int64_t lines = 0;
    if (absl::ConsumeSuffix(&line, " were dropped") && absl::SimpleAtoi(line, &lines))
      told += lines;
  }
  EXPECT_EQ(told, dropped) << all.size();
  EXPECT_TRUE(absl::StrContains(all, "after\n"));
}

TEST(LineWriterTest, AReaderThatHasGoneIsNoHarm) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.CloseReader();
  LineWriter writer(pipe.writer(), 1 << 20, LineOfTheDropped);
  writer.Write("nobody reads it\n");
  writer.Flush(absl::Seconds(10));
  writer.Write("nor this\n");
  writer.Flush(absl::Seconds(10));
  EXPECT_EQ(writer.written(), 2);
}

}  // namespace
}  // namespace edugate::telemetry
