#include <fstream>
#include <sstream>

#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_writer.h"
#include "runtime/codec/testdata/codec_test.pb.h"
#include "runtime/codec/testdata/drf_xml.h"
#include "runtime/codec/testdata/recording_drift.h"
#include "runtime/codec/xml_decoder.h"

namespace edugate::codec {
namespace {

using google::protobuf::Message;
using ::testing::IsEmpty;

std::string ReadExample(const std::string& path) {
  std::ifstream file(std::string(EDUGATE_SOURCE_DIR) + "/adapters/" + path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The leaves of a JSON text by path, each as its characters: 9 and "9" are the same leaf. Null and
// empty ones have none.
std::map<std::string, std::string> Leaves(const std::string& json) {
  std::map<std::string, std::string> leaves;
  const nlohmann::json flat = nlohmann::json::parse(json).flatten();
  for (const auto& [path, value] : flat.items()) {
    if (value.is_null() || value.empty()) continue;
    leaves[path] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return leaves;
}

struct Example {
  std::string path;
  std::shared_ptr<Message> message;
};

class ExamplesTest : public ::testing::TestWithParam<Example> {};

INSTANTIATE_TEST_SUITE_P(
    Documents, ExamplesTest,
    ::testing::Values(
        Example{"openapply/testdata/reenrollments_reply.json",
                std::make_shared<provider::openapply::v3::ReenrollmentPage>()},
        Example{"openapply/testdata/student_reenrollments_reply.json",
                std::make_shared<provider::openapply::v3::ReenrollmentPage>()},
        Example{"openapply/testdata/update_reenrollment_request.json",
                std::make_shared<provider::openapply::v3::ReenrollmentUpdate>()},
        Example{"openapply/testdata/update_reenrollment_reply.json",
                std::make_shared<provider::openapply::v3::ReenrollmentEnvelope>()},
        Example{"class_enrollment/testdata/get_class_enrollment_reply.json",
                std::make_shared<provider::class_enrollment::v2::ClassEnrollmentReply>()},
        Example{"class_enrollment/testdata/error_reply.json",
                std::make_shared<provider::class_enrollment::v2::ClassEnrollmentReply>()}));

TEST_P(ExamplesTest, EveryLeafIsInTheMessageAndNothingDrifts) {
  const std::string json = ReadExample(GetParam().path);
  testing::RecordingDrift drift;
  DecodeOptions options;
  options.drift = &drift;
  const absl::Status status = DecodeJson(json, options, GetParam().message.get());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(drift.lines(), IsEmpty());
  EXPECT_EQ(Leaves(WriteJson(*GetParam().message)), Leaves(json));
}

TEST_P(ExamplesTest, ItsXmlIsReadAlike) {
  const std::string json = ReadExample(GetParam().path);
  std::unique_ptr<Message> from_xml(GetParam().message->New());
  ASSERT_TRUE(DecodeJson(json, {}, GetParam().message.get()).ok());
  const absl::Status status = DecodeXml(testing::DrfXml(json), {}, from_xml.get());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*GetParam().message, *from_xml));
}

TEST_P(ExamplesTest, EveryLeafComesBackFromAMessageThatKnowsNone) {
  const std::string json = ReadExample(GetParam().path);
  // None of the fields is this message's: each top-level value is kept as it stands.
  testing::Whole stranger;
  ASSERT_TRUE(DecodeJson(json, {}, &stranger).ok());
  WriteOptions all;
  all.include_unknown_fields = true;
  EXPECT_EQ(Leaves(WriteJson(stranger, all)), Leaves(json));
}

}  // namespace
}  // namespace edugate::codec
