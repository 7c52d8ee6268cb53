#include "runtime/digest/message_bytes.h"

#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"

namespace edugate::digest {
namespace {

google::protobuf::Struct Numbers(int first, int step) {
  google::protobuf::Struct message;
  for (int i = 0; i < 100; ++i) {
    const int number = (first + i * step + 100 * 100) % 100;
    (*message.mutable_fields())[std::to_string(number)].set_number_value(number);
  }
  return message;
}

TEST(MessageBytesTest, AreTheSameInWhateverOrderAMapWasFilled) {
  EXPECT_EQ(MessageBytes(Numbers(0, 1)), MessageBytes(Numbers(99, -1)));
}

TEST(MessageBytesTest, TellMessagesApartAndCanBeReadAgain) {
  google::protobuf::Struct other = Numbers(0, 1);
  (*other.mutable_fields())["7"].set_number_value(8);
  EXPECT_NE(MessageBytes(other), MessageBytes(Numbers(0, 1)));
  google::protobuf::Struct read;
  ASSERT_TRUE(read.ParseFromString(MessageBytes(other)));
  EXPECT_EQ(read.fields().at("7").number_value(), 8);
}

}  // namespace
}  // namespace edugate::digest
