#include "adapters/measureone/measureone_source_record.h"

#include "adapters/measureone/measureone_words.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

// Writes a caller's record in MeasureOne's shape.
class RecordWriter {
 public:
  explicit RecordWriter(SourceFields& fields) : fields_(fields) {}

  m1::SourceDataValue Record(const v1::AcademicRecord& record, const std::string& path) {
    m1::SourceDataValue out;
    const std::string issued =
        fields_.PastDate(record.has_issue_date(), record.issue_date(), At(path, "issue_date"));
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
      fields_.Refuse(sessions, "must have at least one session");
    } else {
      if (!courses) fields_.Refuse(sessions, "must have courses in at least one session");
      if (!awards) fields_.Refuse(sessions, "must have awards in at least one session");
    }
    return out;
  }

 private:
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
        fields_.PastDate(student.has_birth_date(), student.birth_date(), At(path, "birth_date"));
    if (!birth.empty()) out.set_date_of_birth(birth);
    if (student.has_national_id()) out.set_ssn(student.national_id());
    if (student.has_email()) out.set_email(student.email());
    if (student.has_address()) {
      *out.mutable_address() = Address(student.address(), At(path, "address"));
    }
    if (student.has_other_attributes()) {
      out.set_other_attributes(
          fields_.Attributes(student.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Address Address(const v1::Address& address, const std::string& path) {
    m1::Address out;
    if (address.lines_size() > 2) fields_.Refuse(At(path, "lines"), "must be at most two lines");
    if (address.lines_size() > 1 && address.lines(0).empty() && !address.lines(1).empty()) {
      fields_.Refuse(At(path, "lines"), "must have a first line where there is a second one");
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
    if (id.type().empty()) fields_.Refuse(At(path, "identifier.type"), kRequired);
    if (id.value().empty()) fields_.Refuse(At(path, "identifier.value"), kRequired);
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
      fields_.Refuse(At(path, "other_attributes"),
                     "can't be sent; the provider takes college and campus");
    }
    return out;
  }

  m1::PreviousAcademicRecord Previous(const v1::PreviousAcademicRecord& record,
                                      const std::string& path) {
    m1::PreviousAcademicRecord out;
    const v1::Institution& institution = record.institution();
    if (institution.display_name().empty() && record.awards().empty()) {
      fields_.Refuse(path, "must have institution.display_name or awards");
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
      fields_.Refuse(At(path, "institution"),
                     "can't have college, campus or other_attributes at an earlier institution");
    }
    const std::string start =
        fields_.Date(record.has_start_date(), record.start_date(), At(path, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end =
        fields_.Date(record.has_end_date(), record.end_date(), At(path, "end_date"));
    if (!end.empty()) out.set_end_date(end);
    for (int i = 0; i < record.awards_size(); ++i) {
      *out.add_degrees() = Degree(record.awards(i), At(path, "awards", i));
    }
    if (record.has_other_attributes()) {
      out.set_other_attributes(
          fields_.Attributes(record.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::AcademicSummary Summary(const v1::AcademicSummary& summary, const std::string& path) {
    m1::AcademicSummary out;
    out.set_credit_type(fields_.Word(summary.credit_unit(), summary.provider_credit_unit(),
                                     ListedCreditUnits(), At(path, "credit_unit"),
                                     At(path, "provider_credit_unit"), true));
    out.set_level(fields_.Word(summary.level(), summary.provider_level(), ListedSummaryLevels(),
                               At(path, "level"), At(path, "provider_level"), true));
    if (!summary.has_cumulative()) fields_.Refuse(At(path, "cumulative"), kRequired);
    out.set_cumulative(summary.cumulative());
    const std::string gpa_credits =
        fields_.Number(summary.has_gpa_credits(), summary.gpa_credits(), At(path, "gpa_credits"));
    if (!gpa_credits.empty()) out.set_gpa_credits(gpa_credits);
    const std::string attempted =
        fields_.Number(summary.has_attempted(), summary.attempted(), At(path, "attempted"));
    if (!attempted.empty()) out.set_attempted(attempted);
    const std::string earned =
        fields_.Number(summary.has_earned(), summary.earned(), At(path, "earned"));
    if (!earned.empty()) out.set_earned(earned);
    const std::string gpa = fields_.Number(summary.has_gpa(), summary.gpa(), At(path, "gpa"));
    if (!gpa.empty()) out.set_gpa(gpa);
    const std::string points = fields_.Number(summary.has_quality_points(),
                                              summary.quality_points(), At(path, "quality_points"));
    if (!points.empty()) out.set_quality_points(points);
    return out;
  }

  m1::Degree Degree(const v1::Award& award, const std::string& path) {
    m1::Degree out;
    const std::string type = fields_.Word(award.type(), award.provider_type(), ListedAwardTypes(),
                                          At(path, "type"), At(path, "provider_type"), false);
    if (!type.empty()) out.set_type(type);
    const std::string status =
        fields_.Word(award.status(), award.provider_status(), ListedAwardStatuses(),
                     At(path, "status"), At(path, "provider_status"), false);
    if (!status.empty()) out.set_status(status);
    const std::string awarded =
        fields_.Date(award.has_award_date(), award.award_date(), At(path, "award_date"));
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
    const std::string years = fields_.Number(award.has_years_of_study(), award.years_of_study(),
                                             At(path, "years_of_study"));
    if (!years.empty()) out.set_years_of_study(years);
    if (award.has_other_attributes()) {
      out.set_other_attributes(
          fields_.Attributes(award.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  // A field of study and a course have a name of their own; only a curriculum's code has one.
  void RefuseCodeName(const v1::ClassificationCode& code, const std::string& path) {
    if (code.display_name().empty()) return;
    fields_.Refuse(At(path, "code.display_name"),
                   "can't be sent; the provider takes scheme and code");
  }

  m1::FieldOfStudy FieldOfStudy(const v1::FieldOfStudy& field, const std::string& path) {
    m1::FieldOfStudy out;
    out.set_type(fields_.Word(field.type(), field.provider_type(), ListedFieldOfStudyTypes(),
                              At(path, "type"), At(path, "provider_type"), true));
    if (field.display_name().empty()) fields_.Refuse(At(path, "display_name"), kRequired);
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
    out.set_type(fields_.Word(session.type(), session.provider_type(), ListedSessionTypes(),
                              At(inner, "type"), At(inner, "provider_type"), true));
    if (session.display_name().empty() && !session.has_start_date() && !session.has_end_date()) {
      fields_.Refuse(inner, "must have display_name, start_date or end_date");
    }
    if (session.has_school_year()) {
      fields_.Refuse(At(inner, "school_year"),
                     "can't be sent; the provider takes start_date and end_date");
    }
    if (session.has_display_name()) out.set_name(session.display_name());
    const std::string start =
        fields_.Date(session.has_start_date(), session.start_date(), At(inner, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end =
        fields_.Date(session.has_end_date(), session.end_date(), At(inner, "end_date"));
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
      out.set_other_attributes(
          fields_.Attributes(record.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Course Course(const v1::CourseRecord& course, const std::string& path) {
    m1::Course out;
    if (course.course_id().empty() && course.title().empty()) {
      fields_.Refuse(path, "must have course_id or title");
    }
    const std::string basis =
        fields_.Word(course.credit_basis(), course.provider_credit_basis(), ListedCreditBases(),
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
        fields_.Date(course.has_start_date(), course.start_date(), At(path, "start_date"));
    if (!start.empty()) out.set_start_date(start);
    const std::string end =
        fields_.Date(course.has_end_date(), course.end_date(), At(path, "end_date"));
    if (!end.empty()) out.set_end_date(end);
    if (course.has_other_attributes()) {
      out.set_other_attributes(
          fields_.Attributes(course.other_attributes(), At(path, "other_attributes")));
    }
    return out;
  }

  m1::Credits Credits(const v1::CourseCredit& credit, const std::string& path) {
    m1::Credits out;
    out.set_credit_type(fields_.Word(credit.credit_unit(), credit.provider_credit_unit(),
                                     ListedCreditUnits(), At(path, "credit_unit"),
                                     At(path, "provider_credit_unit"), true));
    const std::string gpa_credits =
        fields_.Number(credit.has_gpa_credits(), credit.gpa_credits(), At(path, "gpa_credits"));
    if (!gpa_credits.empty()) out.set_gpa_credits(gpa_credits);
    const std::string attempted =
        fields_.Number(credit.has_attempted(), credit.attempted(), At(path, "attempted"));
    if (!attempted.empty()) out.set_attempted(attempted);
    const std::string earned =
        fields_.Number(credit.has_earned(), credit.earned(), At(path, "earned"));
    if (!earned.empty()) out.set_earned(earned);
    const std::string points = fields_.Number(credit.has_quality_points(), credit.quality_points(),
                                              At(path, "quality_points"));
    if (!points.empty()) out.set_quality_points(points);
    if (credit.has_grade()) out.set_grade(credit.grade());
    if (credit.has_grade_scale()) out.set_grade_qualifier(credit.grade_scale());
    return out;
  }

  SourceFields& fields_;
};

}  // namespace

m1::SourceDataValue ToSourceRecord(const v1::AcademicRecord& record, const std::string& path,
                                   SourceFields& fields) {
  return RecordWriter(fields).Record(record, path);
}

}  // namespace edugate::adapters
