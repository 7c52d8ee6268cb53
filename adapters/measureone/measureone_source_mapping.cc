#include "adapters/measureone/measureone_source_mapping.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/measureone/measureone_files.h"
#include "adapters/measureone/measureone_words.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

constexpr absl::string_view kRequired = "is required";
constexpr double kHighestGpa = 4;

std::string At(absl::string_view path, absl::string_view field) {
  return absl::StrCat(path, ".", field);
}

std::string At(absl::string_view path, absl::string_view field, int index) {
  return absl::StrCat(path, ".", field, "[", index, "]");
}

// Writes a caller's record in MeasureOne's shape and remembers everything that breaks a rule. The
// paths are those of the caller's request.
class SourceWriter {
 public:
  explicit SourceWriter(const google::type::Date& today) : today_(today) {}

  m1::CreateTranscriptRequest Request(const v1::CreateTranscriptRequest& request) {
    m1::CreateTranscriptRequest out;
    const v1::Transcript& transcript = request.transcript();
    if (request.view() == v1::TRANSCRIPT_VIEW_DIGEST ||
        request.view() == v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY) {
      Refuse("view", "must be BASIC or FULL");
    }
    if (transcript.has_external_id()) out.set_external_id(transcript.external_id());
    if (transcript.has_school_unit_id()) out.set_school_unit_id(transcript.school_unit_id());
    if (transcript.sources().empty()) Refuse("transcript.sources", kRequired);
    int values = 0;
    for (int i = 0; i < transcript.sources_size(); ++i) {
      const v1::TranscriptSource& source = transcript.sources(i);
      if (source.has_digest() || source.has_record()) ++values;
      *out.add_source_data() = Source(source, At("transcript", "sources", i));
    }
    if (values > 0 && transcript.sources_size() > 1) {
      Refuse("transcript.sources",
             "must be one digest, one record, or documents only: a digest or a record is the whole "
             "transcript");
    }
    return out;
  }

  std::vector<errors::FieldViolation>& violations() { return violations_; }

 private:
  void Refuse(std::string field, absl::string_view why) {
    violations_.push_back({std::move(field), std::string(why)});
  }

  // A date, as 2019-12-18; empty where it is unset.
  std::string Date(bool set, const google::type::Date& date, std::string path) {
    if (!set) return "";
    std::string text = codec::FormatDate(date);
    if (text.empty()) Refuse(std::move(path), "is no calendar date");
    return text;
  }

  std::string PastDate(bool set, const google::type::Date& date, const std::string& path) {
    std::string text = Date(set, date, path);
    const auto order = [](const google::type::Date& d) {
      return std::make_tuple(d.year(), d.month(), d.day());
    };
    if (!text.empty() && order(date) > order(today_)) Refuse(path, "must not be in the future");
    return text;
  }

  // A number that isn't negative; empty where it is unset.
  std::string Number(bool set, const google::type::Decimal& decimal, const std::string& path) {
    if (!set || decimal.value().empty()) return "";
    auto text = codec::NormalizeDecimal(decimal.value());
    if (!text.has_value() || !codec::IsJsonNumber(*text)) {
      Refuse(path, "is no decimal number");
      return "";
    }
    if (absl::StartsWith(*text, "-")) Refuse(path, "must not be negative");
    return *std::move(text);
  }

  std::string Gpa(bool set, const google::type::Decimal& decimal, const std::string& path) {
    std::string text = Number(set, decimal, path);
    double value = 0;
    if (absl::SimpleAtod(text, &value) && value > kHighestGpa) {
      Refuse(path, "must be between 0 and 4");
    }
    return text;
  }

  // The provider's word as it is listed: the caller's own, in whatever spelling a transcript had
  // it, or the one for the value. Both come with a record that was read and is handed in again:
  // where they say different things, one of them was changed, and which it was can't be told.
  // `field` is the value's field, `native_field` the one beside it that holds the provider's word.
  template <typename Value>
  std::string Word(Value value, const std::string& native, const std::string& listed,
                   std::string field, std::string native_field, bool required) {
    if (!native.empty()) {
      for (absl::string_view word : absl::StrSplit(listed, ", ")) {
        if (!IsSameWord(word, native)) continue;
        if (value != Value{} && WordFor(value) != word) {
          Refuse(std::move(native_field),
                 absl::StrCat("and ", field, " say different things; send one of the two"));
        }
        return std::string(word);
      }
      Refuse(std::move(native_field), absl::StrCat("must be one of ", listed));
      return "";
    }
    if (value == Value{}) {
      if (required) Refuse(std::move(field), kRequired);
      return "";
    }
    const absl::string_view word = WordFor(value);
    if (word.empty()) {
      Refuse(std::move(field),
             absl::StrCat("is a value that the provider has no word for; it has ", listed));
    }
    return std::string(word);
  }

  std::string Attributes(const google::protobuf::Struct& attributes, const std::string& path) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(attributes, &json).ok()) {
      Refuse(path, "can't be written as JSON");
    }
    return json;
  }

  m1::SourceData Source(const v1::TranscriptSource& source, const std::string& path) {
    m1::SourceData out;
    if (source.has_referrer()) out.set_referrer(source.referrer());
    switch (source.data_case()) {
      case v1::TranscriptSource::kDigest:
        out.set_source_data_type("M1_DIGEST");
        *out.mutable_source_data_value() = Digest(source.digest(), At(path, "digest"));
        break;
      case v1::TranscriptSource::kRecord:
        out.set_source_data_type("M1_TRANSCRIPT");
        *out.mutable_source_data_value() = Record(source.record(), At(path, "record"));
        break;
      case v1::TranscriptSource::kDocument:
        out.set_source_data_type("OTHER");
        *out.mutable_source_data_reference() = Document(source.document(), At(path, "document"));
        break;
      case v1::TranscriptSource::DATA_NOT_SET:
        Refuse(path, "must have a digest, a record or a document");
        break;
    }
    return out;
  }

  m1::SourceDataValue Digest(const v1::TranscriptDigest& digest, const std::string& path) {
    m1::SourceDataValue out;
    const std::string degree =
        Word(digest.award_type(), digest.provider_award_type(), ListedAwardTypes(),
             At(path, "award_type"), At(path, "provider_award_type"), false);
    if (absl::EqualsIgnoreCase(degree, "UNKNOWN")) {
      Refuse(At(path, "award_type"), "must be known in a digest");
    }
    if (!degree.empty()) out.set_degree_type(degree);
    const std::string years =
        Number(digest.has_years_in_school(), digest.years_in_school(), At(path, "years_in_school"));
    if (!years.empty()) out.set_years_in_school(years);
    if (digest.has_min_grade()) {
      constexpr std::array kGrades = {"A", "B", "C", "D", "F"};
      if (std::find(kGrades.begin(), kGrades.end(), digest.min_grade()) == kGrades.end()) {
        Refuse(At(path, "min_grade"), "must be A, B, C, D or F");
      }
      out.set_min_grade(digest.min_grade());
    }
    const std::string cgpa =
        Gpa(digest.has_cumulative_gpa(), digest.cumulative_gpa(), At(path, "cumulative_gpa"));
    if (!cgpa.empty()) out.set_cgpa(cgpa);
    const std::string last =
        Gpa(digest.has_last_term_gpa(), digest.last_term_gpa(), At(path, "last_term_gpa"));
    if (!last.empty()) out.set_last_term_gpa(last);
    const std::string credits =
        Number(digest.has_credits_earned(), digest.credits_earned(), At(path, "credits_earned"));
    if (!credits.empty()) out.set_credits_earned(credits);
    if (digest.ByteSizeLong() == 0) Refuse(path, "holds no value");
    return out;
  }

  m1::SourceDataReference Document(const v1::SourceDocument& document, const std::string& path) {
    constexpr std::array kSchemes = {"m1", "http", "https", "ftp", "sftp"};
    m1::SourceDataReference out;
    const std::string& uri = document.uri();
    const size_t colon = uri.find("://");
    const std::string scheme =
        colon == std::string::npos ? "" : absl::AsciiStrToLower(uri.substr(0, colon));
    if (uri.empty()) {
      Refuse(At(path, "uri"), kRequired);
    } else if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end() ||
               uri.size() == colon + 3) {
      Refuse(At(path, "uri"),
             "must be an m1, http, https, ftp or sftp address: scheme://authority/path");
    }
    out.set_uri(uri);
    if (document.media_type().empty()) {
      Refuse(At(path, "media_type"), kRequired);
    } else if (!IsSupportedMediaType(document.media_type())) {
      Refuse(At(path, "media_type"), absl::StrCat("must be one of ", ListedMediaTypes()));
    }
    out.set_media_type(document.media_type());

    const bool web = scheme == "http" || scheme == "https";
    if (web) {
      const std::string& method = document.http_method();
      if (method.empty()) {
        Refuse(At(path, "http_method"), "is required for an http or https address");
      } else if (method != "GET" && method != "POST") {
        Refuse(At(path, "http_method"), "must be GET or POST");
      }
      if (method == "POST" && document.http_body().empty()) {
        Refuse(At(path, "http_body"), "is required with POST");
      }
      for (const auto& [name, value] : document.http_headers()) {
        if (!IsHeader(name, value)) {
          Refuse(At(path, "http_headers"), "must be header names and values in visible ASCII");
          break;
        }
      }
      out.set_http_method(method);
      *out.mutable_http_headers() = document.http_headers();
      out.set_http_body(document.http_body());
    } else {
      constexpr absl::string_view kWebOnly = "goes with an http or https address only";
      if (!document.http_method().empty()) Refuse(At(path, "http_method"), kWebOnly);
      if (!document.http_headers().empty()) Refuse(At(path, "http_headers"), kWebOnly);
      if (!document.http_body().empty()) Refuse(At(path, "http_body"), kWebOnly);
    }
    return out;
  }

  static bool IsHeader(absl::string_view name, absl::string_view value) {
    const auto token = [](char c) {
      return absl::ascii_isgraph(c) && !absl::StrContains("()<>@,;:\\\"/[]?={}", c);
    };
    const auto visible = [](char c) { return absl::ascii_isprint(c) || c == '\t'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
           std::all_of(value.begin(), value.end(), visible);
  }

  m1::SourceDataValue Record(const v1::AcademicRecord& record, const std::string& path) {
    m1::SourceDataValue out;
    const std::string issued =
        PastDate(record.has_issue_date(), record.issue_date(), At(path, "issue_date"));
    if (!issued.empty()) out.set_transcript_date(issued);
    if (record.has_student_number()) out.set_student_id(record.student_number());
    if (record.has_student()) {
      *out.mutable_student() = Student(record.student(), At(path, "student"));
    }
    if (record.has_institution()) {
      *out.mutable_transcript_institution() =
          Institution(record.institution(), At(path, "institution"));
    }
    for (int i = 0; i < record.previous_records_size(); ++i) {
      *out.add_previous_academic_record() =
          Previous(record.previous_records(i), At(path, "previous_records", i));
    }
    for (int i = 0; i < record.academic_summaries_size(); ++i) {
      *out.add_academic_summary() =
          Summary(record.academic_summaries(i), At(path, "academic_summaries", i));
    }
    bool courses = false;
    bool awards = false;
    for (int i = 0; i < record.sessions_size(); ++i) {
      courses = courses || record.sessions(i).courses_size() > 0;
      awards = awards || record.sessions(i).awards_size() > 0;
      *out.add_academic_sessions() = Session(record.sessions(i), At(path, "sessions", i));
    }
    const std::string sessions = At(path, "sessions");
    if (record.sessions().empty()) {
      Refuse(sessions, "must have at least one session");
    } else {
      if (!courses) Refuse(sessions, "must have courses in at least one session");
      if (!awards) Refuse(sessions, "must have awards in at least one session");
    }
    return out;
  }

  m1::Student Student(const v1::TranscriptStudent& student, const std::string& path) {
    m1::Student out;
    if (student.has_provider_id()) out.set_m1_id(student.provider_id());
    const v1::PersonName& name = student.person_name();
    if (name.has_full_name()) out.set_full_name(name.full_name());
    if (name.has_given_name()) out.set_first_name(name.given_name());
    if (name.has_middle_name()) out.set_middle_name(name.middle_name());
    if (name.has_family_name()) out.set_last_name(name.family_name());
    if (name.has_prefix()) out.set_prefix(name.prefix());
    if (name.has_suffix()) out.set_suffix(name.suffix());
    const v1::PersonName& former = student.former_name();
    if (former.has_full_name()) out.set_former_full_name(former.full_name());
    if (former.has_given_name()) out.set_former_first_name(former.given_name());
    if (former.has_middle_name()) out.set_former_middle_name(former.middle_name());
    if (former.has_family_name()) out.set_former_last_name(former.family_name());
    if (former.has_prefix()) out.set_former_prefix(former.prefix());
    if (former.has_suffix()) out.set_former_suffix(former.suffix());
    const std::string birth =
        PastDate(student.has_birth_date(), student.birth_date(), At(path, "birth_date"));
    if (!birth.empty()) out.set_date_of_birth(birth);
    if (student.has_national_id()) out.set_ssn(student.national_id());
    if (student.has_email()) out.set_email(student.email());
    if (student.has_address()) {
      *out.mutable_address() = Address(student.address(), At(path, "address"));
    }
    if (student.has_other_attributes()) {
      out.set_other_attributes(
          Attributes(student.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Address Address(const v1::Address& address, const std::string& path) {
    m1::Address out;
    if (address.lines_size() > 2) Refuse(At(path, "lines"), "must be at most two lines");
    if (address.lines_size() > 1 && address.lines(0).empty() && !address.lines(1).empty()) {
      Refuse(At(path, "lines"), "must have a first line where there is a second one");
    }
    if (address.lines_size() > 0) out.set_addr1(address.lines(0));
    if (address.lines_size() > 1) out.set_addr2(address.lines(1));
    if (address.has_city()) out.set_city(address.city());
    if (address.has_state()) out.set_state(address.state());
    if (address.has_postal_code()) out.set_zipcode(address.postal_code());
    if (address.has_country()) out.mutable_country()->set_name(address.country());
    if (address.has_country_code()) out.mutable_country()->set_a2_code(address.country_code());
    return out;
  }

  m1::TranscriptInstitution Institution(const v1::Institution& institution,
                                        const std::string& path) {
    m1::TranscriptInstitution out;
    if (institution.has_display_name()) out.set_name(institution.display_name());
    const v1::Identifier& id = institution.identifier();
    if (id.type().empty()) Refuse(At(path, "identifier.type"), kRequired);
    if (id.value().empty()) Refuse(At(path, "identifier.value"), kRequired);
    out.set_id_type(id.type());
    out.set_id(id.value());
    if (institution.has_address()) {
      *out.mutable_address() = Address(institution.address(), At(path, "address"));
    }
    if (institution.has_college()) {
      out.mutable_other_attributes()->set_college(institution.college());
    }
    if (institution.has_campus()) {
      out.mutable_other_attributes()->set_campus(institution.campus());
    }
    if (institution.other_attributes().fields_size() > 0) {
      Refuse(At(path, "other_attributes"), "can't be sent; the provider takes college and campus");
    }
    return out;
  }

  m1::PreviousAcademicRecord Previous(const v1::PreviousAcademicRecord& record,
                                      const std::string& path) {
    m1::PreviousAcademicRecord out;
    const v1::Institution& institution = record.institution();
    if (institution.display_name().empty() && record.awards().empty()) {
      Refuse(path, "must have institution.display_name or awards");
    }
    if (institution.has_display_name()) out.set_name(institution.display_name());
    const v1::Identifier& id = institution.identifier();
    if (!id.type().empty()) out.set_id_type(id.type());
    if (!id.value().empty()) out.set_id(id.value());
    if (institution.has_address()) {
      *out.mutable_address() = Address(institution.address(), At(path, "institution.address"));
    }
    if (institution.has_college() || institution.has_campus() ||
        institution.other_attributes().fields_size() > 0) {
      Refuse(At(path, "institution"),
             "can't have college, campus or other_attributes at an earlier institution");
    }
    const std::string start =
        Date(record.has_start_date(), record.start_date(), At(path, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end = Date(record.has_end_date(), record.end_date(), At(path, "end_date"));
    if (!end.empty()) out.set_end_date(end);
    for (int i = 0; i < record.awards_size(); ++i) {
      *out.add_degrees() = Degree(record.awards(i), At(path, "awards", i));
    }
    if (record.has_other_attributes()) {
      out.set_other_attributes(Attributes(record.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::AcademicSummary Summary(const v1::AcademicSummary& summary, const std::string& path) {
    m1::AcademicSummary out;
    out.set_credit_type(Word(summary.credit_unit(), summary.provider_credit_unit(),
                             ListedCreditUnits(), At(path, "credit_unit"),
                             At(path, "provider_credit_unit"), true));
    out.set_level(Word(summary.level(), summary.provider_level(), ListedSummaryLevels(),
                       At(path, "level"), At(path, "provider_level"), true));
    if (!summary.has_cumulative()) Refuse(At(path, "cumulative"), kRequired);
    out.set_cumulative(summary.cumulative());
    const std::string gpa_credits =
        Number(summary.has_gpa_credits(), summary.gpa_credits(), At(path, "gpa_credits"));
    if (!gpa_credits.empty()) out.set_gpa_credits(gpa_credits);
    const std::string attempted =
        Number(summary.has_attempted(), summary.attempted(), At(path, "attempted"));
    if (!attempted.empty()) out.set_attempted(attempted);
    const std::string earned = Number(summary.has_earned(), summary.earned(), At(path, "earned"));
    if (!earned.empty()) out.set_earned(earned);
    const std::string gpa = Number(summary.has_gpa(), summary.gpa(), At(path, "gpa"));
    if (!gpa.empty()) out.set_gpa(gpa);
    const std::string points =
        Number(summary.has_quality_points(), summary.quality_points(), At(path, "quality_points"));
    if (!points.empty()) out.set_quality_points(points);
    return out;
  }

  m1::Degree Degree(const v1::Award& award, const std::string& path) {
    m1::Degree out;
    const std::string type = Word(award.type(), award.provider_type(), ListedAwardTypes(),
                                  At(path, "type"), At(path, "provider_type"), false);
    if (!type.empty()) out.set_type(type);
    const std::string status = Word(award.status(), award.provider_status(), ListedAwardStatuses(),
                                    At(path, "status"), At(path, "provider_status"), false);
    if (!status.empty()) out.set_status(status);
    const std::string awarded =
        Date(award.has_award_date(), award.award_date(), At(path, "award_date"));
    if (!awarded.empty()) out.set_awarded_date(awarded);
    if (award.has_display_name()) out.set_description(award.display_name());
    for (int i = 0; i < award.academic_summaries_size(); ++i) {
      *out.add_academic_summary() =
          Summary(award.academic_summaries(i), At(path, "academic_summaries", i));
    }
    for (int i = 0; i < award.fields_of_study_size(); ++i) {
      *out.add_field_of_study() =
          FieldOfStudy(award.fields_of_study(i), At(path, "fields_of_study", i));
    }
    const std::string years =
        Number(award.has_years_of_study(), award.years_of_study(), At(path, "years_of_study"));
    if (!years.empty()) out.set_years_of_study(years);
    if (award.has_other_attributes()) {
      out.set_other_attributes(Attributes(award.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  // A field of study and a course have a name of their own; only a curriculum's code has one.
  void RefuseCodeName(const v1::ClassificationCode& code, const std::string& path) {
    if (code.display_name().empty()) return;
    Refuse(At(path, "code.display_name"), "can't be sent; the provider takes scheme and code");
  }

  m1::FieldOfStudy FieldOfStudy(const v1::FieldOfStudy& field, const std::string& path) {
    m1::FieldOfStudy out;
    out.set_type(Word(field.type(), field.provider_type(), ListedFieldOfStudyTypes(),
                      At(path, "type"), At(path, "provider_type"), true));
    if (field.display_name().empty()) Refuse(At(path, "display_name"), kRequired);
    out.set_description(field.display_name());
    RefuseCodeName(field.code(), path);
    if (!field.code().scheme().empty()) out.set_code_type(field.code().scheme());
    if (!field.code().code().empty()) out.set_code(field.code().code());
    return out;
  }

  m1::AcademicSession Session(const v1::AcademicSessionRecord& record, const std::string& path) {
    m1::AcademicSession out;
    const v1::AcademicSession& session = record.academic_session();
    const std::string inner = At(path, "academic_session");
    out.set_type(Word(session.type(), session.provider_type(), ListedSessionTypes(),
                      At(inner, "type"), At(inner, "provider_type"), true));
    if (session.display_name().empty() && !session.has_start_date() && !session.has_end_date()) {
      Refuse(inner, "must have display_name, start_date or end_date");
    }
    if (session.has_school_year()) {
      Refuse(At(inner, "school_year"), "can't be sent; the provider takes start_date and end_date");
    }
    if (session.has_display_name()) out.set_name(session.display_name());
    const std::string start =
        Date(session.has_start_date(), session.start_date(), At(inner, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end = Date(session.has_end_date(), session.end_date(), At(inner, "end_date"));
    if (!end.empty()) out.set_end_date(end);
    if (record.has_in_progress()) out.set_in_progress(record.in_progress());
    if (record.has_student_level()) out.set_level(record.student_level());
    *out.mutable_honors() = record.honors();
    const v1::ClassificationCode& curriculum = record.curriculum();
    if (!curriculum.scheme().empty()) out.set_curriculum_code_type(curriculum.scheme());
    if (!curriculum.code().empty()) out.set_curriculum_code(curriculum.code());
    if (!curriculum.display_name().empty()) out.set_curriculum_name(curriculum.display_name());
    for (int i = 0; i < record.academic_summaries_size(); ++i) {
      *out.add_academic_summary() =
          Summary(record.academic_summaries(i), At(path, "academic_summaries", i));
    }
    for (int i = 0; i < record.courses_size(); ++i) {
      *out.add_courses() = Course(record.courses(i), At(path, "courses", i));
    }
    for (int i = 0; i < record.awards_size(); ++i) {
      *out.add_degrees() = Degree(record.awards(i), At(path, "awards", i));
    }
    if (record.has_other_attributes()) {
      out.set_other_attributes(Attributes(record.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Course Course(const v1::CourseRecord& course, const std::string& path) {
    m1::Course out;
    if (course.course_id().empty() && course.title().empty()) {
      Refuse(path, "must have course_id or title");
    }
    const std::string basis =
        Word(course.credit_basis(), course.provider_credit_basis(), ListedCreditBases(),
             At(path, "credit_basis"), At(path, "provider_credit_basis"), false);
    if (!basis.empty()) out.set_credit_basis(basis);
    if (course.has_honors()) out.set_honors_course(course.honors());
    if (course.has_repeat()) out.set_repeated(course.repeat());
    if (course.has_counts_in_gpa()) out.set_count_in_gpa(course.counts_in_gpa());
    RefuseCodeName(course.code(), path);
    if (!course.code().scheme().empty()) out.set_code_type(course.code().scheme());
    if (!course.code().code().empty()) out.set_code(course.code().code());
    if (course.has_course_id()) out.set_id(course.course_id());
    if (course.has_title()) out.set_name(course.title());
    if (course.has_provider_instructional_setting()) {
      out.set_instructional_setting(course.provider_instructional_setting());
    }
    if (course.has_credit()) *out.mutable_credits() = Credits(course.credit(), At(path, "credit"));
    const std::string start =
        Date(course.has_start_date(), course.start_date(), At(path, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end = Date(course.has_end_date(), course.end_date(), At(path, "end_date"));
    if (!end.empty()) out.set_end_date(end);
    if (course.has_other_attributes()) {
      out.set_other_attributes(Attributes(course.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Credits Credits(const v1::CourseCredit& credit, const std::string& path) {
    m1::Credits out;
    out.set_credit_type(Word(credit.credit_unit(), credit.provider_credit_unit(),
                             ListedCreditUnits(), At(path, "credit_unit"),
                             At(path, "provider_credit_unit"), true));
    const std::string gpa_credits =
        Number(credit.has_gpa_credits(), credit.gpa_credits(), At(path, "gpa_credits"));
    if (!gpa_credits.empty()) out.set_gpa_credits(gpa_credits);
    const std::string attempted =
        Number(credit.has_attempted(), credit.attempted(), At(path, "attempted"));
    if (!attempted.empty()) out.set_attempted(attempted);
    const std::string earned = Number(credit.has_earned(), credit.earned(), At(path, "earned"));
    if (!earned.empty()) out.set_earned(earned);
    const std::string points =
        Number(credit.has_quality_points(), credit.quality_points(), At(path, "quality_points"));
    if (!points.empty()) out.set_quality_points(points);
    if (credit.has_grade()) out.set_grade(credit.grade());
    if (credit.has_grade_scale()) out.set_grade_qualifier(credit.grade_scale());
    return out;
  }

  const google::type::Date today_;
  std::vector<errors::FieldViolation> violations_;
};

}  // namespace

absl::StatusOr<m1::CreateTranscriptRequest> ToCreateRequest(
    const v1::CreateTranscriptRequest& request, const google::type::Date& today) {
  SourceWriter writer(today);
  m1::CreateTranscriptRequest out = writer.Request(request);
  if (!writer.violations().empty()) return errors::ArgumentsInvalid(writer.violations());
  return out;
}

}  // namespace edugate::adapters
