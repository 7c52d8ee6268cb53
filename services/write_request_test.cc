#include "services/write_request.h"

#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

TEST(RequestIdTest, MayBeAbsentOrVisibleAscii) {
  EXPECT_TRUE(CheckRequestId("").ok());
  EXPECT_TRUE(CheckRequestId("0f8fad5b-d9cb-469f-a165-70867728950e").ok());
  EXPECT_TRUE(CheckRequestId(std::string(128, '~')).ok());
}

TEST(RequestIdTest, RefusesAnythingElse) {
  for (const std::string& id :
       {std::string(129, 'a'), std::string("a b"), std::string("a\r\nX: 1"), std::string("\0", 1),
        std::string("\x7f"), std::string("caf\xc3\xa9")}) {
    EXPECT_EQ(errors::ReasonOf(CheckRequestId(id)), v1::ERROR_REASON_ARGUMENT_INVALID) << id;
  }
}

}  // namespace
}  // namespace edugate::services
