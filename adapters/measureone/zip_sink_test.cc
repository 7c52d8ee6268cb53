#include "adapters/measureone/zip_sink.h"

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::adapters {
namespace {

class ZipSinkTest : public ::testing::Test {
 protected:
  std::string Take() {
    auto bytes = loop_.RunToCompletion(sink_.Take(call_));
    EXPECT_TRUE(bytes.ok());
    return bytes.ok() ? *bytes : "";
  }

  async::TestLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  ZipSink sink_;
};

TEST_F(ZipSinkTest, PassesOnWhatArrivesInPieces) {
  EXPECT_EQ(sink_.Write("PK"), http::Flow::kContinue);
  EXPECT_EQ(sink_.Write("\x03"), http::Flow::kContinue);
  EXPECT_EQ(sink_.Write("\x04rest"), http::Flow::kContinue);
  EXPECT_EQ(Take(), "PK\x03\x04rest");
  EXPECT_EQ(sink_.Write("more"), http::Flow::kContinue);
  sink_.End();
  EXPECT_EQ(Take(), "more");
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(sink_.defect(), "");
}

TEST_F(ZipSinkTest, HoldsTheProviderBackWhenFull) {
  EXPECT_EQ(sink_.Write("PK\x03\x04"), http::Flow::kContinue);
  EXPECT_EQ(sink_.Write(std::string(ZipSink::kRoom, 'x')), http::Flow::kContinue);
  EXPECT_EQ(sink_.Write("y"), http::Flow::kPause);
  EXPECT_EQ(Take().size(), ZipSink::kRoom + 4);
  EXPECT_EQ(sink_.Write("y"), http::Flow::kContinue);
  EXPECT_EQ(Take(), "y");
}

TEST_F(ZipSinkTest, EmptyZipIsAZip) {
  EXPECT_EQ(sink_.Write("PK\x05\x06"), http::Flow::kContinue);
  sink_.End();
  EXPECT_EQ(sink_.defect(), "");
}

TEST_F(ZipSinkTest, AnythingElseIsADefect) {
  EXPECT_EQ(sink_.Write("{\"error_code\""), http::Flow::kAbort);
  EXPECT_NE(sink_.defect(), "");
  sink_.End();
  EXPECT_EQ(Take(), "");
}

TEST_F(ZipSinkTest, AbandonedSinkEndsTheTransfer) {
  EXPECT_EQ(sink_.Write("PK\x03\x04"), http::Flow::kContinue);
  sink_.Abandon();
  EXPECT_EQ(sink_.Write("x"), http::Flow::kAbort);
}

}  // namespace
}  // namespace edugate::adapters
