#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_writer.h"
#include "runtime/codec/testdata/codec_test.pb.h"
#include "runtime/codec/testdata/drf_xml.h"
#include "runtime/codec/testdata/random_message.h"
#include "runtime/codec/xml_decoder.h"

namespace edugate::codec {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using testing::Contents;
using testing::RandomFiller;

constexpr unsigned kSeeds = 200;
constexpr absl::string_view kDamage = "{}[]\",:<>/&;\\n1e-.tx\x80\x01 ";

template <typename T>
class RoundTripTest : public ::testing::Test {};

using Types = ::testing::Types<testing::Everything, testing::Leaf, testing::Promised,
                               provider::openapply::v3::ReenrollmentPage,
                               provider::openapply::v3::Reenrollment,
                               provider::openapply::v3::ReenrollmentUpdate,
                               provider::class_enrollment::v2::ClassEnrollmentReply>;
TYPED_TEST_SUITE(RoundTripTest, Types);

TYPED_TEST(RoundTripTest, WhatIsWrittenIsReadBack) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    TypeParam message;
    RandomFiller(seed, Contents::kForJson).Fill(&message);
    const std::string json = WriteJson(message);
    TypeParam back;
    const absl::Status status = DecodeJson(json, {}, &back);
    ASSERT_TRUE(status.ok()) << status << " for " << json;
    ASSERT_TRUE(MessageDifferencer::Equals(message, back)) << json << "\n"
                                                           << message.ShortDebugString() << "\n"
                                                           << back.ShortDebugString();
    ASSERT_EQ(json, WriteJson(back));
  }
}

TYPED_TEST(RoundTripTest, JsonAndItsXmlAreReadAlike) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    TypeParam message;
    RandomFiller(seed, Contents::kForXml).Fill(&message);
    const std::string xml = testing::DrfXml(WriteJson(message));
    TypeParam back;
    const absl::Status status = DecodeXml(xml, {}, &back);
    ASSERT_TRUE(status.ok()) << status << " for " << xml;
    ASSERT_TRUE(MessageDifferencer::Equals(message, back)) << xml << "\n"
                                                           << message.ShortDebugString() << "\n"
                                                           << back.ShortDebugString();
  }
}

// Damages a valid body in many ways: whatever comes out, it comes out as a message or as an error,
// and what is read can be written and read again.
TYPED_TEST(RoundTripTest, DamagedBodiesNeverHarm) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    TypeParam message;
    RandomFiller(seed, Contents::kForXml).Fill(&message);
    std::mt19937_64 random(seed);
    const std::string json = WriteJson(message);
    const std::string xml = testing::DrfXml(json);
    for (int i = 0; i < 20; ++i) {
      for (const std::string* body : {&json, &xml}) {
        std::string damaged = *body;
        for (uint64_t n = random() % 3 + 1; n > 0 && !damaged.empty(); --n) {
          const size_t at = random() % damaged.size();
          switch (random() % 3) {
            case 0:
              damaged[at] = kDamage[random() % kDamage.size()];
              break;
            case 1:
              damaged.erase(at, random() % 8 + 1);
              break;
            default:
              damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 16));
              break;
          }
        }
        TypeParam out;
        const absl::Status status =
            body == &json ? DecodeJson(damaged, {}, &out) : DecodeXml(damaged, {}, &out);
        if (!status.ok()) {
          EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
          continue;
        }
        WriteOptions all;
        all.include_unknown_fields = true;
        const std::string rewritten = WriteJson(out, all);
        TypeParam again;
        const absl::Status reread = DecodeJson(rewritten, {}, &again);
        ASSERT_TRUE(reread.ok()) << reread << "\n" << damaged << "\n" << rewritten;
      }
    }
  }
}

TEST(LosslessTest, UnknownAndIllFittingValuesReturnToTheirPlaces) {
  for (const std::string json :
       {R"({"text":"a","new":{"x":[1,2.50]}})", R"({"leaf":{"name":"n","extra":1e400}})",
        R"({"leaves":[{"id":1},5,{"id":2,"x":true},null]})", R"({"tags":["a",null,["b"],"c"]})",
        R"({"child":{"leaf":{"inner":{"a.b":{"c[0]":1}}}}})", R"({"tags":[null]})",
        R"({"open":{"a":{"id":9007199254740993}}})", R"({"labels":{"a":"1","b":[1]}})",
        R"({"list":[1,[9007199254740993,2]]})", R"({"children":{"k":{"int32":1.5}}})"}) {
    testing::Everything message;
    ASSERT_TRUE(DecodeJson(json, {}, &message).ok()) << json;
    WriteOptions all;
    all.include_unknown_fields = true;
    EXPECT_EQ(WriteJson(message, all), json);
  }
}

}  // namespace
}  // namespace edugate::codec
