#include "adapters/measureone/measureone_source_mapping.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/codec/json_writer.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

google::type::Date Today() {
  google::type::Date today;
  today.set_year(2026);
  today.set_month(6);
  today.set_day(15);
  return today;
}

v1::CreateTranscriptRequest Request(const std::string& sources) {
  v1::CreateTranscriptRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(sources, request.mutable_transcript()));
  return request;
}

// The fields that are refused.
std::vector<std::string> Refused(const std::string& sources) {
  const auto created = ToCreateRequest(Request(sources), Today());
  std::vector<std::string> fields;
  if (created.ok()) return fields;
  EXPECT_EQ(errors::ReasonOf(created.status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  google::rpc::BadRequest bad;
  const google::rpc::Status wire = errors::ToRpcStatus(created.status());
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&bad)) break;
  }
  for (const auto& violation : bad.field_violations()) fields.push_back(violation.field());
  return fields;
}

constexpr char kDigest[] = R"(external_id: 'ABCDECD' sources { referrer: 'USER' digest {
  award_type: AWARD_TYPE_BACHELOR years_in_school { value: '2.0' } min_grade: 'D'
  cumulative_gpa { value: '3.3' } last_term_gpa { value: '3.5' } credits_earned { value: '65.0' } } })";

// A record that breaks no rule; `more` goes into its only session.
std::string Record(const std::string& more, const std::string& besides = "") {
  return R"(sources { record { institution { identifier { type: 'IPEDS' value: '110486' } }
    sessions { academic_session { type: ACADEMIC_SESSION_TYPE_SEMESTER display_name: 'Fall 2014' }
      courses { course_id: 'ENGL 1101' } awards { type: AWARD_TYPE_BACHELOR } )" +
         more + " } " + besides + " } }";
}

TEST(MeasureOneSourceMappingTest, DigestIsWrittenAsTheDocumentShowsIt) {
  const auto request = ToCreateRequest(Request(kDigest), Today());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(codec::WriteJson(*request),
            R"({"external_id":"ABCDECD","source_data":[{"referrer":"USER","source_data_type":)"
            R"("M1_DIGEST","source_data_value":{"degree_type":"BACHELORS","years_in_school":2.0,)"
            R"("min_grade":"D","cgpa":3.3,"last_term_gpa":3.5,"credits_earned":65.0}}]})");
}

TEST(MeasureOneSourceMappingTest, ReferencesAreWrittenAsTheDocumentShowsThem) {
  const auto request = ToCreateRequest(Request(R"(school_unit_id: '420316'
        sources { document { uri: 'sftp://john:shah@files.example.net/f.html' media_type: 'text/html' } }
        sources { document { uri: 'https://example.com/f' media_type: 'text/html' http_method: 'POST'
          http_headers { key: 'authorization' value: 'bearer x' } http_body: 'ESCAPED%20STRING' } })"),
                                       Today());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(codec::WriteJson(*request),
            R"({"school_unit_id":"420316","source_data":[{"source_data_type":"OTHER",)"
            R"("source_data_reference":{"uri":"sftp://john:shah@files.example.net/f.html",)"
            R"("media_type":"text/html"}},{"source_data_type":"OTHER","source_data_reference":)"
            R"({"uri":"https://example.com/f","media_type":"text/html","http_method":"POST",)"
            R"("http_headers":{"authorization":"bearer x"},"http_body":"ESCAPED%20STRING"}}]})");
}

TEST(MeasureOneSourceMappingTest, EverySchemeOfTheDocumentIsTaken) {
  for (const char* uri : {"m1://sdr_1", "ftp://h/f", "sftp://h/f"}) {
    EXPECT_THAT(
        Refused("sources { document { media_type: 'image/png' uri: '" + std::string(uri) + "' } }"),
        IsEmpty())
        << uri;
  }
  EXPECT_THAT(Refused("sources { document { media_type: 'image/png' uri: 'file:///etc/x' } }"),
              ElementsAre("transcript.sources[0].document.uri"));
}

TEST(MeasureOneSourceMappingTest, SourcesAreOneValueOrReferences) {
  EXPECT_THAT(Refused(""), ElementsAre("transcript.sources"));
  EXPECT_THAT(Refused("sources {}"), ElementsAre("transcript.sources[0]"));
  const std::string document =
      "sources { document { uri: 'm1://sdr_1' media_type: 'application/pdf' } }";
  EXPECT_THAT(Refused(document + document), IsEmpty());
  EXPECT_THAT(Refused(kDigest + document), ElementsAre("transcript.sources"));
  EXPECT_THAT(Refused(std::string(kDigest) + "sources { digest { min_grade: 'A' } }"),
              ElementsAre("transcript.sources"));
}

TEST(MeasureOneSourceMappingTest, ReferencesNeedWhatBelongsTogether) {
  EXPECT_THAT(Refused("sources { document {} }"),
              ElementsAre("transcript.sources[0].document.uri",
                          "transcript.sources[0].document.media_type"));
  EXPECT_THAT(Refused("sources { document { uri: 'https://h/f' media_type: 'application/zip' } }"),
              ElementsAre("transcript.sources[0].document.media_type",
                          "transcript.sources[0].document.http_method"));
  EXPECT_THAT(Refused("sources { document { uri: 'http://h/f' media_type: 'image/png' "
                      "http_method: 'POST' } }"),
              ElementsAre("transcript.sources[0].document.http_body"));
  EXPECT_THAT(Refused("sources { document { uri: 'm1://sdr_1' media_type: 'image/png' "
                      "http_method: 'GET' } }"),
              ElementsAre("transcript.sources[0].document.http_method"));
  EXPECT_THAT(Refused(R"(sources { document { uri: 'http://h/f' media_type: 'image/png'
                http_method: 'GET' http_headers { key: 'a' value: 'b\r\nc' } } })"),
              ElementsAre("transcript.sources[0].document.http_headers"));
}

TEST(MeasureOneSourceMappingTest, EachFieldOfADigestIsNamedThatBreaksARule) {
  EXPECT_THAT(Refused(R"(sources { digest { provider_award_type: 'BLACK-BELT' min_grade: 'E'
                years_in_school { value: '-1' } cumulative_gpa { value: '4.01' }
                last_term_gpa { value: 'good' } credits_earned { value: '-0.5' } } })"),
              ElementsAre("transcript.sources[0].digest.provider_award_type",
                          "transcript.sources[0].digest.years_in_school",
                          "transcript.sources[0].digest.min_grade",
                          "transcript.sources[0].digest.cumulative_gpa",
                          "transcript.sources[0].digest.last_term_gpa",
                          "transcript.sources[0].digest.credits_earned"));
  EXPECT_THAT(Refused("sources { digest {} }"), ElementsAre("transcript.sources[0].digest"));
}

TEST(MeasureOneSourceMappingTest, ValueAndWordThatContradictEachOtherAreRefused) {
  EXPECT_THAT(Refused("sources { digest { award_type: AWARD_TYPE_BACHELOR "
                      "provider_award_type: 'MASTERS-RESEARCH' } }"),
              ElementsAre("transcript.sources[0].digest.provider_award_type"));
  EXPECT_THAT(Refused("sources { digest { award_type: AWARD_TYPE_OTHER "
                      "provider_award_type: 'BACHELORS' } }"),
              ElementsAre("transcript.sources[0].digest.provider_award_type"));
  EXPECT_THAT(Refused("sources { digest { award_type: AWARD_TYPE_MASTER_RESEARCH "
                      "provider_award_type: 'masters_research' } }"),
              IsEmpty());
  // A status that was read as ENROLLED and changed since.
  EXPECT_THAT(
      Refused(Record("awards { status: AWARD_STATUS_AWARDED provider_status: 'ENROLLED' }")),
      ElementsAre("transcript.sources[0].record.sessions[0].awards[1].provider_status"));
}

TEST(MeasureOneSourceMappingTest, WordsAreSentAsTheDocumentSpellsThem) {
  for (const char* word : {"MASTERS-RESEARCH", "masters-research", "MASTERS_RESEARCH"}) {
    const auto request = ToCreateRequest(
        Request(absl::StrCat("sources { digest { provider_award_type: '", word, "' } }")), Today());
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->source_data(0).source_data_value().degree_type(), "MASTERS-RESEARCH");
  }
}

TEST(MeasureOneSourceMappingTest, ValueWithoutAWordIsRefused) {
  EXPECT_THAT(Refused("sources { digest { award_type: AWARD_TYPE_OTHER } }"),
              ElementsAre("transcript.sources[0].digest.award_type"));
}

TEST(MeasureOneSourceMappingTest, RecordOfTheDocumentsShapeIsTaken) {
  EXPECT_THAT(Refused(Record("")), IsEmpty());
}

TEST(MeasureOneSourceMappingTest, DatesAreNotInTheFuture) {
  const std::string path = "transcript.sources[0].record.";
  EXPECT_THAT(Refused(Record("", "issue_date { year: 2026 month: 6 day: 16 }")),
              ElementsAre(path + "issue_date"));
  EXPECT_THAT(Refused(Record("", "issue_date { year: 2026 month: 6 day: 15 }")), IsEmpty());
  EXPECT_THAT(Refused(Record("", "student { birth_date { year: 2027 month: 1 day: 1 } }")),
              ElementsAre(path + "student.birth_date"));
  EXPECT_THAT(Refused(Record("", "student { birth_date { year: 2001 month: 2 day: 29 } }")),
              ElementsAre(path + "student.birth_date"));
}

TEST(MeasureOneSourceMappingTest, RecordNeedsSessionsWithCoursesAndAwards) {
  const std::string path = "transcript.sources[0].record.sessions";
  EXPECT_THAT(Refused("sources { record { student_number: '1' } }"), ElementsAre(path));
  EXPECT_THAT(Refused("sources { record { sessions { academic_session { type: "
                      "ACADEMIC_SESSION_TYPE_SEMESTER } } } }"),
              ElementsAre(path + "[0].academic_session", path, path));
  EXPECT_THAT(
      Refused("sources { record { sessions { academic_session { display_name: 'x' } courses "
              "{ title: 'c' } awards {} } } }"),
      ElementsAre(path + "[0].academic_session.type"));
}

TEST(MeasureOneSourceMappingTest, EachFieldOfARecordIsNamedThatBreaksARule) {
  const std::string path = "transcript.sources[0].record.";
  EXPECT_THAT(Refused(Record("courses {}")), ElementsAre(path + "sessions[0].courses[1]"));
  EXPECT_THAT(Refused(Record("courses { title: 'c' credit { attempted { value: '-3' } } }")),
              ElementsAre(path + "sessions[0].courses[1].credit.credit_unit",
                          path + "sessions[0].courses[1].credit.attempted"));
  EXPECT_THAT(Refused(Record("academic_summaries { gpa { value: '-1' } }")),
              ElementsAre(path + "sessions[0].academic_summaries[0].credit_unit",
                          path + "sessions[0].academic_summaries[0].level",
                          path + "sessions[0].academic_summaries[0].cumulative",
                          path + "sessions[0].academic_summaries[0].gpa"));
  EXPECT_THAT(Refused(Record("awards { fields_of_study {} }")),
              ElementsAre(path + "sessions[0].awards[1].fields_of_study[0].type",
                          path + "sessions[0].awards[1].fields_of_study[0].display_name"));
  EXPECT_THAT(Refused(Record("", "previous_records {}")),
              ElementsAre(path + "previous_records[0]"));
  EXPECT_THAT(Refused(Record("", "student { address { lines: '' lines: 'Village View Drive' } }")),
              ElementsAre(path + "student.address.lines"));
}

TEST(MeasureOneSourceMappingTest, WhatTheProviderHasNoPlaceForIsRefused) {
  const std::string path = "transcript.sources[0].record.";
  EXPECT_THAT(
      Refused(Record("", R"(sessions { academic_session { type: ACADEMIC_SESSION_TYPE_QUARTER
                              display_name: 'Spring 2015' school_year: 2015 } })")),
      ElementsAre(path + "sessions[1].academic_session.school_year"));
  EXPECT_THAT(Refused(Record("courses { title: 'c' code { code: '26.01' display_name: 'x' } }")),
              ElementsAre(path + "sessions[0].courses[1].code.display_name"));
  EXPECT_THAT(Refused(Record(R"(awards { fields_of_study { type: FIELD_OF_STUDY_TYPE_MAJOR
                                  display_name: 'Biology' code { display_name: 'x' } } })")),
              ElementsAre(path + "sessions[0].awards[1].fields_of_study[0].code.display_name"));
  EXPECT_THAT(Refused(Record("curriculum { scheme: 'CIP' code: '26.01' display_name: 'x' }")),
              IsEmpty());
}

TEST(MeasureOneSourceMappingTest, EarlierInstitutionIsSentWithThePartsOfItsIdThatItHas) {
  const auto request = ToCreateRequest(
      Request(Record("", R"(previous_records { institution { identifier { value: '110635' }
                                                            display_name: 'Berkeley' } })")),
      Today());
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& value = request->source_data(0).source_data_value();
  EXPECT_EQ(codec::WriteJson(value.previous_academic_record(0)),
            R"({"name":"Berkeley","id":"110635"})");
}

TEST(MeasureOneSourceMappingTest, InstitutionNeedsBothPartsOfItsId) {
  EXPECT_THAT(
      Refused("sources { record { institution { display_name: 'x' } } }"),
      ::testing::IsSupersetOf({"transcript.sources[0].record.institution.identifier.type",
                               "transcript.sources[0].record.institution.identifier.value"}));
}

TEST(MeasureOneSourceMappingTest, OtherViewsOfACreationAreRefused) {
  v1::CreateTranscriptRequest request = Request(kDigest);
  request.set_view(v1::TRANSCRIPT_VIEW_DIGEST);
  EXPECT_TRUE(absl::IsInvalidArgument(ToCreateRequest(request, Today()).status()));
}

}  // namespace
}  // namespace edugate::adapters
