#include "adapters/measureone/multipart_source.h"

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::adapters {
namespace {

using Kind = MultipartSource::Piece::Kind;

async::Task<void> WriteAndNote(async::CallContext& call, MultipartSource& source, std::string bytes,
                               bool& done) {
  absl::Status written = co_await source.Write(call, std::move(bytes));
  done = written.ok();
}

class MultipartSourceTest : public ::testing::Test {
 protected:
  std::string ReadAll() {
    std::string all;
    char buffer[1000];
    for (;;) {
      const MultipartSource::Piece piece = source_.Read(buffer, sizeof(buffer));
      if (piece.kind != Kind::kBytes) return all;
      all.append(buffer, piece.size);
    }
  }

  async::TestLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  MultipartSource source_{"B"};
};

TEST_F(MultipartSourceTest, WaitsForBytesAndEndsOnlyWhenFinished) {
  char buffer[10];
  EXPECT_EQ(source_.Read(buffer, sizeof(buffer)).kind, Kind::kPause);
  source_.BeginFile("a.txt", "text/plain");
  EXPECT_FALSE(ReadAll().empty());
  EXPECT_EQ(source_.Read(buffer, sizeof(buffer)).kind, Kind::kPause);
  source_.Finish();
  EXPECT_EQ(ReadAll(), "\r\n--B--\r\n");
  EXPECT_EQ(source_.Read(buffer, sizeof(buffer)).kind, Kind::kEnd);
}

TEST_F(MultipartSourceTest, HoldsTheWriterBackUntilThereIsRoom) {
  source_.BeginFile("a.txt", "text/plain");
  bool first = false;
  bool second = false;
  loop_.Spawn(WriteAndNote(call_, source_, std::string(MultipartSource::kRoom, 'x'), first));
  loop_.Spawn(WriteAndNote(call_, source_, "y", second));
  loop_.RunReady();
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  ReadAll();
  loop_.RunReady();
  EXPECT_TRUE(second);
  EXPECT_EQ(ReadAll(), "y");
}

TEST_F(MultipartSourceTest, TakesLittleMemoryAlsoWhenItNeverRunsEmpty) {
  constexpr size_t kPiece = MultipartSource::kRoom / 2;
  source_.BeginFile("a.txt", "text/plain");
  bool done = false;
  loop_.Spawn(WriteAndNote(call_, source_, std::string(kPiece, 'x'), done));
  loop_.RunReady();
  std::string buffer(kPiece, ' ');
  for (int i = 0; i < 1000; ++i) {
    done = false;
    loop_.Spawn(WriteAndNote(call_, source_, std::string(kPiece, 'x'), done));
    loop_.RunReady();
    ASSERT_TRUE(done);
    ASSERT_EQ(source_.Read(buffer.data(), buffer.size()).size, kPiece);
  }
  EXPECT_LE(source_.memory(), 8 * MultipartSource::kRoom);
}

TEST_F(MultipartSourceTest, AbandonedBodyEndsTheTransfer) {
  source_.BeginFile("a.txt", "text/plain");
  source_.Abandon();
  char buffer[10];
  EXPECT_EQ(source_.Read(buffer, sizeof(buffer)).kind, Kind::kAbort);
}

TEST_F(MultipartSourceTest, NamesCantBreakOutOfTheirHeader) {
  EXPECT_EQ(QuotedFileName("a\"b\r\nc.txt"), "a%22b%0D%0Ac.txt");
}

}  // namespace
}  // namespace edugate::adapters
