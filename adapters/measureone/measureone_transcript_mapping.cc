#include "adapters/measureone/measureone_transcript_mapping.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_words.h"
#include "adapters/record_mapping.h"
#include "adapters/secret_fields.h"
#include "google/protobuf/struct.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/json_decoder.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

constexpr char kProvider[] = "measureone";

// Sets a timestamp field from milliseconds since the epoch.
template <typename Message>
void SetMillis(int64_t millis, Message& out,
               google::protobuf::Timestamp* (Message::*mutable_field)()) {
  if (auto instant = codec::ParseEpoch(millis, codec::EpochUnit::kMillis)) {
    *(out.*mutable_field)() = *instant;
  }
}

// Sets other_attributes from JSON text of an object. Text of another sort stays in the provider's
// record.
template <typename Message>
void SetAttributes(const std::string& json, Message& out) {
  if (json.empty()) return;
  Message holder;
  const absl::Status decoded =
      codec::DecodeJson(absl::StrCat("{\"other_attributes\":", json, "}"), {}, &holder);
  if (!decoded.ok() || holder.other_attributes().fields().empty()) return;
  *out.mutable_other_attributes() = std::move(*holder.mutable_other_attributes());
}

v1::Address ToAddress(const m1::Address& record) {
  v1::Address out;
  if (record.has_addr1() || record.has_addr2()) out.add_lines(record.addr1());
  if (record.has_addr2()) out.add_lines(record.addr2());
  if (record.has_city()) out.set_city(record.city());
  if (record.has_state()) out.set_state(record.state());
  if (record.has_zipcode()) out.set_postal_code(record.zipcode());
  if (record.country().has_name()) out.set_country(record.country().name());
  if (record.country().has_a2_code()) out.set_country_code(record.country().a2_code());
  return out;
}

v1::TranscriptStudent ToStudent(const m1::Student& record) {
  v1::TranscriptStudent out;
  if (record.has_m1_id()) out.set_provider_id(record.m1_id());

  v1::PersonName name;
  if (record.has_full_name()) name.set_full_name(record.full_name());
  if (record.has_first_name()) name.set_given_name(record.first_name());
  if (record.has_middle_name()) name.set_middle_name(record.middle_name());
  if (record.has_last_name()) name.set_family_name(record.last_name());
  if (record.has_prefix()) name.set_prefix(record.prefix());
  if (record.has_suffix()) name.set_suffix(record.suffix());
  if (name.ByteSizeLong() > 0) *out.mutable_person_name() = std::move(name);

  v1::PersonName former;
  if (record.has_former_full_name()) former.set_full_name(record.former_full_name());
  if (record.has_former_first_name()) former.set_given_name(record.former_first_name());
  if (record.has_former_middle_name()) former.set_middle_name(record.former_middle_name());
  if (record.has_former_last_name()) former.set_family_name(record.former_last_name());
  if (record.has_former_prefix()) former.set_prefix(record.former_prefix());
  if (record.has_former_suffix()) former.set_suffix(record.former_suffix());
  if (former.ByteSizeLong() > 0) *out.mutable_former_name() = std::move(former);

  SetDate(record.date_of_birth(), out, &v1::TranscriptStudent::mutable_birth_date);
  if (record.has_ssn()) out.set_national_id(record.ssn());
  if (record.has_email()) out.set_email(record.email());
  if (record.has_address()) *out.mutable_address() = ToAddress(record.address());
  SetAttributes(record.other_attributes(), out);
  return out;
}

v1::Identifier InstitutionId(const std::string& type, const std::string& value) {
  v1::Identifier id;
  id.set_issuer(kProvider);
  id.set_type(type);
  id.set_value(value);
  return id;
}

v1::Institution ToInstitution(const m1::TranscriptInstitution& record) {
  v1::Institution out;
  if (record.has_name()) out.set_display_name(record.name());
  if (record.has_id() || record.has_id_type()) {
    *out.mutable_identifier() = InstitutionId(record.id_type(), record.id());
  }
  if (record.has_address()) *out.mutable_address() = ToAddress(record.address());
  const m1::InstitutionAttributes& attributes = record.other_attributes();
  if (attributes.has_college()) out.set_college(attributes.college());
  if (attributes.has_campus()) out.set_campus(attributes.campus());
  // Attributes that no sample shows; those with a path of several steps stay in the provider's
  // record.
  for (const rest::v1::UnknownField& each : attributes.unknown_fields()) {
    const bool plain = each.path().find_first_of(".[") == std::string::npos;
    if (!plain) continue;
    v1::Institution holder;
    SetAttributes(absl::StrCat("{\"value\":", each.json(), "}"), holder);
    const auto value = holder.other_attributes().fields().find("value");
    if (value == holder.other_attributes().fields().end()) continue;
    (*out.mutable_other_attributes()->mutable_fields())[each.path()] = value->second;
  }
  return out;
}

v1::AcademicSummary ToSummary(const m1::AcademicSummary& record) {
  v1::AcademicSummary out;
  out.set_credit_unit(CreditUnitOf(record.credit_type()));
  out.set_provider_credit_unit(record.credit_type());
  out.set_level(SummaryLevelOf(record.level()));
  out.set_provider_level(record.level());
  if (record.has_cumulative()) out.set_cumulative(record.cumulative());
  SetDecimal(record.gpa_credits(), out, &v1::AcademicSummary::mutable_gpa_credits);
  SetDecimal(record.attempted(), out, &v1::AcademicSummary::mutable_attempted);
  SetDecimal(record.earned(), out, &v1::AcademicSummary::mutable_earned);
  SetDecimal(record.gpa(), out, &v1::AcademicSummary::mutable_gpa);
  SetDecimal(record.quality_points(), out, &v1::AcademicSummary::mutable_quality_points);
  return out;
}

void SetCode(const std::string& scheme, const std::string& code, const std::string& name,
             v1::ClassificationCode& out) {
  out.set_scheme(scheme);
  out.set_code(code);
  out.set_display_name(name);
}

v1::FieldOfStudy ToFieldOfStudy(const m1::FieldOfStudy& record) {
  v1::FieldOfStudy out;
  out.set_type(FieldOfStudyTypeOf(record.type()));
  out.set_provider_type(record.type());
  if (record.has_description()) out.set_display_name(record.description());
  if (record.has_code_type() || record.has_code()) {
    SetCode(record.code_type(), record.code(), "", *out.mutable_code());
  }
  return out;
}

template <typename Records, typename Domain, typename Map>
void MapEach(const Records& records, google::protobuf::RepeatedPtrField<Domain>* out, Map map) {
  out->Reserve(records.size());
  for (const auto& record : records) *out->Add() = map(record);
}

v1::Award ToAward(const m1::Degree& record) {
  v1::Award out;
  out.set_type(AwardTypeOf(record.type()));
  out.set_provider_type(record.type());
  out.set_status(AwardStatusOf(record.status()));
  out.set_provider_status(record.status());
  SetDate(record.awarded_date(), out, &v1::Award::mutable_award_date);
  if (record.has_description()) out.set_display_name(record.description());
  MapEach(record.academic_summary(), out.mutable_academic_summaries(), &ToSummary);
  MapEach(record.field_of_study(), out.mutable_fields_of_study(), &ToFieldOfStudy);
  SetDecimal(record.years_of_study(), out, &v1::Award::mutable_years_of_study);
  SetAttributes(record.other_attributes(), out);
  return out;
}

v1::PreviousAcademicRecord ToPrevious(const m1::PreviousAcademicRecord& record) {
  v1::PreviousAcademicRecord out;
  v1::Institution institution;
  if (record.has_name()) institution.set_display_name(record.name());
  if (record.has_id() || record.has_id_type()) {
    *institution.mutable_identifier() = InstitutionId(record.id_type(), record.id());
  }
  if (record.has_address()) *institution.mutable_address() = ToAddress(record.address());
  if (institution.ByteSizeLong() > 0) *out.mutable_institution() = std::move(institution);
  SetDate(record.start_date(), out, &v1::PreviousAcademicRecord::mutable_start_date);
  SetDate(record.end_date(), out, &v1::PreviousAcademicRecord::mutable_end_date);
  MapEach(record.degrees(), out.mutable_awards(), &ToAward);
  SetAttributes(record.other_attributes(), out);
  return out;
}

v1::CourseCredit ToCredit(const m1::Credits& record) {
  v1::CourseCredit out;
  out.set_credit_unit(CreditUnitOf(record.credit_type()));
  out.set_provider_credit_unit(record.credit_type());
  SetDecimal(record.gpa_credits(), out, &v1::CourseCredit::mutable_gpa_credits);
  SetDecimal(record.attempted(), out, &v1::CourseCredit::mutable_attempted);
  SetDecimal(record.earned(), out, &v1::CourseCredit::mutable_earned);
  SetDecimal(record.quality_points(), out, &v1::CourseCredit::mutable_quality_points);
  if (record.has_grade()) out.set_grade(record.grade());
  if (record.has_grade_qualifier()) out.set_grade_scale(record.grade_qualifier());
  return out;
}

v1::CourseRecord ToCourse(const m1::Course& record) {
  v1::CourseRecord out;
  out.set_credit_basis(CreditBasisOf(record.credit_basis()));
  out.set_provider_credit_basis(record.credit_basis());
  if (record.has_honors_course()) out.set_honors(record.honors_course());
  if (record.has_repeated()) out.set_repeat(record.repeated());
  if (record.has_count_in_gpa()) out.set_counts_in_gpa(record.count_in_gpa());
  if (record.has_code_type() || record.has_code()) {
    SetCode(record.code_type(), record.code(), "", *out.mutable_code());
  }
  if (record.has_id()) out.set_course_id(record.id());
  if (record.has_name()) out.set_title(record.name());
  if (record.has_instructional_setting()) {
    out.set_provider_instructional_setting(record.instructional_setting());
  }
  if (record.has_credits()) *out.mutable_credit() = ToCredit(record.credits());
  SetDate(record.start_date(), out, &v1::CourseRecord::mutable_start_date);
  SetDate(record.end_date(), out, &v1::CourseRecord::mutable_end_date);
  SetAttributes(record.other_attributes(), out);
  return out;
}

v1::AcademicSessionRecord ToSessionRecord(const m1::AcademicSession& record) {
  v1::AcademicSessionRecord out;
  v1::AcademicSession& session = *out.mutable_academic_session();
  session.set_type(AcademicSessionTypeOf(record.type()));
  session.set_provider_type(record.type());
  if (record.has_name()) session.set_display_name(record.name());
  SetDate(record.start_date(), session, &v1::AcademicSession::mutable_start_date);
  SetDate(record.end_date(), session, &v1::AcademicSession::mutable_end_date);
  if (record.has_in_progress()) out.set_in_progress(record.in_progress());
  if (record.has_level()) out.set_student_level(record.level());
  *out.mutable_honors() = record.honors();
  if (record.has_curriculum_code_type() || record.has_curriculum_code() ||
      record.has_curriculum_name()) {
    SetCode(record.curriculum_code_type(), record.curriculum_code(), record.curriculum_name(),
            *out.mutable_curriculum());
  }
  MapEach(record.academic_summary(), out.mutable_academic_summaries(), &ToSummary);
  MapEach(record.courses(), out.mutable_courses(), &ToCourse);
  MapEach(record.degrees(), out.mutable_awards(), &ToAward);
  SetAttributes(record.other_attributes(), out);
  return out;
}

// What AcademicRecord, EnrollmentSummary and inline source data have in common.
template <typename Record, typename Domain>
void MapRecord(const Record& record, Domain& out) {
  SetDate(record.transcript_date(), out, &Domain::mutable_issue_date);
  if (record.has_student_id()) out.set_student_number(record.student_id());
  if (record.has_student()) *out.mutable_student() = ToStudent(record.student());
  if (record.has_transcript_institution()) {
    *out.mutable_institution() = ToInstitution(record.transcript_institution());
  }
  MapEach(record.academic_summary(), out.mutable_academic_summaries(), &ToSummary);
  MapEach(record.academic_sessions(), out.mutable_sessions(), &ToSessionRecord);
}

template <typename Record>
v1::TranscriptDigest DigestOf(const Record& record) {
  v1::TranscriptDigest out;
  out.set_award_type(AwardTypeOf(record.degree_type()));
  out.set_provider_award_type(record.degree_type());
  SetDecimal(record.years_in_school(), out, &v1::TranscriptDigest::mutable_years_in_school);
  if (record.has_min_grade()) out.set_min_grade(record.min_grade());
  SetDecimal(record.cgpa(), out, &v1::TranscriptDigest::mutable_cumulative_gpa);
  SetDecimal(record.last_term_gpa(), out, &v1::TranscriptDigest::mutable_last_term_gpa);
  SetDecimal(record.credits_earned(), out, &v1::TranscriptDigest::mutable_credits_earned);
  return out;
}

// Whether an inline value is a full record: the two shapes share no name.
bool IsFullRecord(const m1::SourceDataValue& value) {
  return value.has_transcript_date() || value.has_student_id() || value.has_student() ||
         value.has_transcript_institution() || value.previous_academic_record_size() > 0 ||
         value.academic_summary_size() > 0 || value.academic_sessions_size() > 0;
}

v1::SourceDocument ToDocument(const m1::SourceDataReference& record) {
  v1::SourceDocument out;
  out.set_uri(WithoutLogin(record.uri()));
  out.set_media_type(record.media_type());
  if (record.has_file_name()) out.set_file_name(record.file_name());
  if (record.has_created_at()) {
    SetMillis(record.created_at(), out, &v1::SourceDocument::mutable_create_time);
  }
  return out;
}

v1::TranscriptSource ToSource(const m1::SourceData& record) {
  v1::TranscriptSource out;
  if (record.has_referrer()) out.set_referrer(record.referrer());
  out.set_provider_type(record.source_data_type());
  if (record.has_source_data_reference()) {
    *out.mutable_document() = ToDocument(record.source_data_reference());
  } else if (record.has_source_data_value()) {
    const m1::SourceDataValue& value = record.source_data_value();
    if (IsFullRecord(value)) {
      MapRecord(value, *out.mutable_record());
      MapEach(value.previous_academic_record(), out.mutable_record()->mutable_previous_records(),
              &ToPrevious);
    } else {
      *out.mutable_digest() = DigestOf(value);
    }
  }
  return out;
}

// A document's record without what a caller gave for fetching it: logins, headers and bodies are
// for the provider alone and never come back, whatever the shape in which the provider repeats
// them.
m1::Transcript WithoutFetchSecrets(m1::Transcript record) {
  for (m1::SourceData& source : *record.mutable_source_data()) {
    if (!source.has_source_data_reference()) continue;
    m1::SourceDataReference& reference = *source.mutable_source_data_reference();
    reference.clear_http_method();
    reference.clear_http_headers();
    reference.clear_http_body();
    reference.clear_unknown_fields();
    if (reference.has_uri()) reference.set_uri(WithoutLogin(reference.uri()));
  }
  auto& unknown = *record.mutable_unknown_fields();
  unknown.erase(std::remove_if(unknown.begin(), unknown.end(),
                               [](const rest::v1::UnknownField& each) {
                                 return LeadsToSecret(*m1::Transcript::descriptor(), each.path());
                               }),
                unknown.end());
  return record;
}

template <typename Score>
v1::TranscriptScore ScoreOf(const Score& score, absl::string_view value,
                            v1::TranscriptScoreKind kind, const std::string& transcript,
                            v1::View view) {
  v1::TranscriptScore out;
  out.set_transcript(transcript);
  out.set_provider(kProvider);
  out.set_kind(kind);
  SetDecimal(value, out, &v1::TranscriptScore::mutable_score);
  for (const std::string& code : {score.aa_code_1(), score.aa_code_2(), score.aa_code_3()}) {
    if (!code.empty()) *out.add_adverse_actions() = AdverseActionOf(code);
  }
  out.set_model_version(score.version());
  if (view == v1::VIEW_FULL) AttachRecord(score, out);
  return out;
}

}  // namespace

std::string WithoutLogin(const std::string& uri) {
  const size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return uri;
  const size_t begin = scheme + 3;
  const size_t end = std::min(uri.find_first_of("/?#", begin), uri.size());
  const size_t at = uri.substr(0, end).rfind('@');
  if (at == std::string::npos || at < begin) return uri;
  return absl::StrCat(uri.substr(0, begin), uri.substr(at + 1));
}

v1::AcademicRecord ToAcademicRecord(const m1::AcademicRecord& record) {
  v1::AcademicRecord out;
  MapRecord(record, out);
  MapEach(record.previous_academic_record(), out.mutable_previous_records(), &ToPrevious);
  return out;
}

v1::EnrollmentSummary ToEnrollmentSummary(const m1::EnrollmentSummary& summary) {
  v1::EnrollmentSummary out;
  MapRecord(summary, out);
  MapEach(summary.degrees(), out.mutable_awards(), &ToAward);
  return out;
}

v1::TranscriptDigest ToDigest(const m1::Digest& digest) { return DigestOf(digest); }

v1::Transcript ToTranscript(const m1::Transcript& record, absl::string_view connection,
                            v1::TranscriptView view) {
  v1::Transcript out;
  out.set_name(MakeName<Resource::kTranscript>(connection, record.id()));
  out.set_provider(kProvider);
  out.set_provider_id(record.id());
  if (record.has_external_id()) out.set_external_id(record.external_id());
  if (record.has_school_unit_id()) out.set_school_unit_id(record.school_unit_id());
  MapEach(record.source_data(), out.mutable_sources(), &ToSource);
  // Of a transcript that was made from a record, every reply repeats the record as its source.
  const bool in_part =
      view == v1::TRANSCRIPT_VIEW_DIGEST || view == v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY;
  if (in_part) {
    for (v1::TranscriptSource& source : *out.mutable_sources()) source.clear_record();
  }

  // The sample of an enrollment summary has state and times inside the summary.
  const m1::EnrollmentSummary& summary = record.enrollment_summary();
  const std::string& state =
      record.has_processing_status() ? record.processing_status() : summary.processing_status();
  out.set_state(ProcessingStateOf(state));
  out.set_provider_state(state);
  if (record.has_created_at() || summary.has_created_at()) {
    SetMillis(record.has_created_at() ? record.created_at() : summary.created_at(), out,
              &v1::Transcript::mutable_create_time);
  }
  if (record.has_updated_at() || summary.has_updated_at()) {
    SetMillis(record.has_updated_at() ? record.updated_at() : summary.updated_at(), out,
              &v1::Transcript::mutable_update_time);
  }

  if (record.has_raw() && !in_part) *out.mutable_record() = ToAcademicRecord(record.raw());
  if (record.has_digest()) *out.mutable_digest() = ToDigest(record.digest());
  if (record.has_enrollment_summary())
    *out.mutable_enrollment_summary() = ToEnrollmentSummary(summary);
  if (view == v1::TRANSCRIPT_VIEW_FULL) AttachRecord(WithoutFetchSecrets(record), out);
  return out;
}

v1::TranscriptScore ToScore(const m1::MeritScore& score, const std::string& transcript,
                            v1::View view) {
  return ScoreOf(score, score.merit_score(), v1::TRANSCRIPT_SCORE_KIND_MERIT, transcript, view);
}

v1::TranscriptScore ToScore(const m1::GradScore& score, const std::string& transcript,
                            v1::View view) {
  return ScoreOf(score, score.grad_score(), v1::TRANSCRIPT_SCORE_KIND_GRADUATION, transcript, view);
}

v1::TranscriptAccessSession ToSession(const m1::TranscriptSession& session,
                                      absl::string_view connection,
                                      v1::TranscriptAccessState state) {
  v1::TranscriptAccessSession out;
  out.set_name(MakeName<Resource::kTranscriptAccessSession>(connection, session.session_id()));
  out.set_provider(kProvider);
  out.set_state(state);
  return out;
}

v1::School ToSchool(const m1::School& record, absl::string_view connection,
                    absl::string_view country_code, v1::View view) {
  v1::School out;
  out.set_name(MakeName<Resource::kSchool>(connection, record.m1_id()));
  out.set_provider(kProvider);
  out.set_provider_id(record.m1_id());
  out.set_display_name(record.name());
  if (record.has_id() || record.has_id_type()) {
    *out.mutable_identifier() = InstitutionId(record.id_type(), record.id());
  }
  out.set_identifier_scheme(SchoolIdentifierSchemeOf(record.id_type()));
  if (record.has_sis_url()) out.set_student_system_url(record.sis_url());
  out.set_country_code(std::string(country_code));
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
  return out;
}

v1::UploadedFile ToUploadedFile(const m1::SourceDataReference& reference,
                                absl::string_view media_type) {
  v1::UploadedFile out;
  out.set_uri(reference.uri());
  out.set_file_name(reference.file_name());
  if (reference.has_created_at()) {
    SetMillis(reference.created_at(), out, &v1::UploadedFile::mutable_create_time);
  }
  out.set_media_type(std::string(media_type));
  return out;
}

}  // namespace edugate::adapters
