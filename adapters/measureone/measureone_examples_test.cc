// The documents' examples arrive whole, and every field of every record reaches the domain but for
// those that testdata/unmapped_fields.txt lists with a reason.
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "adapters/measureone/measureone_source_mapping.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/testing/leaf_coverage.h"
#include "adapters/testing/mapping_coverage.h"
#include "edugate/privacy/v1/privacy.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decoder.h"
#include "runtime/codec/json_writer.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;
using google::protobuf::Message;
using nlohmann::json;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ListedFields;
using testing::MappingCoverageOptions;
using testing::MissingLeaves;
using testing::UnmappedFields;
using testing::Written;

std::string Example(const std::string& file) {
  std::ifstream stream(EDUGATE_SOURCE_DIR "/adapters/measureone/testdata/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

absl::Status Decode(const std::string& text, Message& into, absl::string_view field = {}) {
  codec::DecodeOptions options;
  options.response_field = field;
  return codec::Decode("application/json", text, options, &into);
}

template <typename Record>
Record Decoded(const std::string& file, absl::string_view field = {}) {
  Record record;
  const absl::Status status = Decode(Example(file), record, field);
  EXPECT_TRUE(status.ok()) << file << ": " << status;
  return record;
}

class TranscriptExamplesTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TranscriptExamplesTest, ArriveWhole) {
  const v1::Transcript transcript =
      ToTranscript(Decoded<m1::Transcript>(GetParam()), "m1", v1::TRANSCRIPT_VIEW_FULL);
  EXPECT_THAT(MissingLeaves(Example(GetParam()), transcript, Written::kJson), IsEmpty());
  EXPECT_THAT(transcript.unknown_fields(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Documented, TranscriptExamplesTest,
                         ::testing::Values("v2_transcripts_get_by_id_reply.json",
                                           "v2_transcripts_get_by_id_reply_digest.json",
                                           "v2_transcripts_get_digest_by_id_reply.json",
                                           "v2_transcripts_get_enrollment_summary_reply.json",
                                           "v2_transcripts_new_reply.json"));

TEST(MeasureOneExamplesTest, FragmentOfTheEnrollmentSummarySchemaArrivesWhole) {
  const std::string text = absl::StrCat("{", Example("v2_enrollment_summary_fragment.json"), "}");
  m1::Transcript record;
  ASSERT_TRUE(Decode(text, record).ok());
  const v1::Transcript transcript = ToTranscript(record, "m1", v1::TRANSCRIPT_VIEW_FULL);
  EXPECT_THAT(MissingLeaves(text, transcript, Written::kJson), IsEmpty());
  EXPECT_EQ(transcript.enrollment_summary().issue_date().day(), 13);
}

TEST(MeasureOneExamplesTest, ScoresArriveWhole) {
  EXPECT_THAT(MissingLeaves(Example("v2_analytics_meritscore_reply.json"),
                            ToScore(Decoded<m1::MeritScore>("v2_analytics_meritscore_reply.json"),
                                    "t", v1::VIEW_FULL),
                            Written::kJson),
              IsEmpty());
  EXPECT_THAT(MissingLeaves(Example("v2_analytics_gradscore_reply.json"),
                            ToScore(Decoded<m1::GradScore>("v2_analytics_gradscore_reply.json"),
                                    "t", v1::VIEW_FULL),
                            Written::kJson),
              IsEmpty());
}

TEST(MeasureOneExamplesTest, ListOfSchoolsIsNoJsonWithItsTrailingComma) {
  m1::ListSchoolsReply reply;
  const absl::Status status =
      Decode(Example("v2_schools_get_reply_trailing_comma.json"), reply, "schools");
  EXPECT_TRUE(absl::IsInternal(status)) << status;
}

TEST(MeasureOneExamplesTest, SchoolsArriveWholeWithoutTheComma) {
  std::string text = Example("v2_schools_get_reply_trailing_comma.json");
  text.erase(text.rfind(','), 1);
  m1::ListSchoolsReply reply;
  ASSERT_TRUE(Decode(text, reply, "schools").ok());
  ASSERT_EQ(reply.schools_size(), 2);
  const json document = json::parse(text);
  for (int i = 0; i < reply.schools_size(); ++i) {
    const v1::School school = ToSchool(reply.schools(i), "m1", "US", v1::VIEW_FULL);
    EXPECT_THAT(MissingLeaves(document[i].dump(), school, Written::kJson), IsEmpty());
    EXPECT_EQ(school.identifier_scheme(), v1::SCHOOL_IDENTIFIER_SCHEME_IPEDS);
  }
}

class ReportExamplesTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ReportExamplesTest, ArriveWhole) {
  const v1::EnrollmentVerification verification =
      ToVerification(Decoded<m3::EnrollmentStatusReport>(GetParam()), "m1", v1::VIEW_FULL);
  EXPECT_THAT(MissingLeaves(Example(GetParam()), verification, Written::kJson), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Documented, ReportExamplesTest,
                         ::testing::Values("v3_get_enrollment_status_reply_acquiring.json",
                                           "v3_get_enrollment_status_reply_completed.json",
                                           "v3_get_enrollment_status_reply_in_progress.json"));

class WebhookExamplesTest : public ::testing::TestWithParam<const char*> {};

TEST_P(WebhookExamplesTest, ArriveWhole) {
  const auto event = ReadWebhook("m1", Example(GetParam()));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_THAT(MissingLeaves(Example(GetParam()), event->event, Written::kJson), IsEmpty());
  EXPECT_NE(event->event.provider_type(), "");
}

INSTANTIATE_TEST_SUITE_P(Documented, WebhookExamplesTest,
                         ::testing::Values("v2_webhook_transcript_created.json",
                                           "v3_webhook_datarequest_refresh_failed.json",
                                           "v3_webhook_datasource_connected.json",
                                           "v3_webhook_items_available.json",
                                           "v3_webhook_transaction_processed.json"));

std::vector<std::string> Listed(const std::string& message) {
  std::ifstream file(EDUGATE_SOURCE_DIR "/adapters/measureone/testdata/unmapped_fields.txt");
  std::ostringstream text;
  text << file.rdbuf();
  return ListedFields(text.str(), message);
}

// Expects that what is left out of `Record` is what the list says of it.
template <typename Record, typename Map>
void ExpectAsListed(Map map) {
  MappingCoverageOptions options;
  options.json_shapes = {R"({"note":"n%"})"};
  const std::string& message = Record::descriptor()->name();
  const std::vector<std::string> unmapped = UnmappedFields(
      Record(),
      [&map](const Message& record) {
        return map(static_cast<const Record&>(record)).SerializeAsString();
      },
      options);
  EXPECT_THAT(unmapped, ElementsAreArray(Listed(message)))
      << "left out:\n"
      << message << "." << absl::StrJoin(unmapped, absl::StrCat("\n", message, "."));
}

TEST(MeasureOneMappingCoverageTest, TranscriptsReachTheDomain) {
  ExpectAsListed<m1::Transcript>(
      [](auto& r) { return ToTranscript(r, "m1", v1::TRANSCRIPT_VIEW_BASIC); });
}

privacy::v1::DataClass ClassOf(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(privacy::v1::data_class);
}

// The field that a path leads to: source_data[].source_data_reference.file_name.
const google::protobuf::FieldDescriptor* FieldAt(const google::protobuf::Descriptor* message,
                                                 const std::string& path) {
  const google::protobuf::FieldDescriptor* field = nullptr;
  const std::vector<std::string> names =
      absl::StrSplit(absl::StrReplaceAll(path, {{"[]", ""}}), '.');
  for (const std::string& name : names) {
    if (message == nullptr) break;
    field = message->FindFieldByName(name);
    if (field == nullptr) break;
    message = field->message_type();
  }
  return field;
}

// Who may see a value doesn't depend on whether it is looked for in the domain or in the provider's
// record.
TEST(MeasureOneMappingCoverageTest, ClassifiedFieldsKeepTheirClass) {
  const auto mapped =
      testing::MappedFields(m1::Transcript(), v1::Transcript(),
                            [](const Message& record) {
                              return ToTranscript(static_cast<const m1::Transcript&>(record), "m1",
                                                  v1::TRANSCRIPT_VIEW_BASIC)
                                  .SerializeAsString();
                            },
                            {.json_shapes = {R"({"note":"n%"})"}});
  int compared = 0;
  for (const auto& [path, fields] : mapped) {
    const auto* from = FieldAt(m1::Transcript::descriptor(), path);
    if (from == nullptr || ClassOf(*from) == privacy::v1::DATA_CLASS_UNSPECIFIED) continue;
    for (const std::string& name : fields) {
      const auto* to = v1::Transcript::descriptor()->file()->pool()->FindFieldByName(name);
      if (to == nullptr || ClassOf(*to) == privacy::v1::DATA_CLASS_UNSPECIFIED) continue;
      // What holds the field.
      if (to->message_type() != nullptr && to->message_type()->file()->package() == "edugate.v1") {
        continue;
      }
      ++compared;
      EXPECT_EQ(ClassOf(*to), ClassOf(*from)) << path << " " << name;
    }
  }
  EXPECT_GT(compared, 20);
}

TEST(MeasureOneMappingCoverageTest, ScoresReachTheDomain) {
  ExpectAsListed<m1::MeritScore>([](auto& r) { return ToScore(r, "t", v1::VIEW_BASIC); });
  ExpectAsListed<m1::GradScore>([](auto& r) { return ToScore(r, "t", v1::VIEW_BASIC); });
}

TEST(MeasureOneMappingCoverageTest, SchoolsReachTheDomain) {
  ExpectAsListed<m1::School>([](auto& r) { return ToSchool(r, "m1", "US", v1::VIEW_BASIC); });
}

TEST(MeasureOneMappingCoverageTest, ReportsReachTheDomain) {
  ExpectAsListed<m3::EnrollmentStatusReport>(
      [](auto& r) { return ToVerification(r, "m1", v1::VIEW_BASIC); });
}

// What a transcript says can be handed in again as it came out.
TEST(MeasureOneRoundTripTest, RecordCanBeCreatedFromWhatWasRead) {
  const auto example = Decoded<m1::Transcript>("v2_transcripts_get_by_id_reply.json");
  v1::CreateTranscriptRequest request;
  *request.mutable_transcript()->add_sources()->mutable_record() = ToAcademicRecord(example.raw());
  google::type::Date today;
  today.set_year(2026);
  today.set_month(1);
  today.set_day(1);
  const auto created = ToCreateRequest(request, today);
  ASSERT_TRUE(created.ok()) << created.status();
  const json written = json::parse(codec::WriteJson(created->source_data(0).source_data_value()));
  json expected = json::parse(Example("v2_transcripts_get_by_id_reply.json"))["raw"];
  // Null and {} say nothing.
  const std::function<void(json&)> prune = [&prune](json& value) {
    if (!value.is_structured()) return;
    for (auto it = value.begin(); it != value.end();) {
      prune(*it);
      const bool nothing = it->is_null() || (it->is_object() && it->empty());
      it = nothing ? value.erase(it) : std::next(it);
    }
  };
  prune(expected);
  // A code is text, which the table says.
  const std::function<void(json&)> code_to_text = [&code_to_text](json& value) {
    for (auto it = value.begin(); value.is_structured() && it != value.end(); ++it) {
      if (value.is_object() && it.key() == "code" && it->is_number()) *it = it->dump();
      code_to_text(*it);
    }
  };
  code_to_text(expected);
  EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace edugate::adapters
