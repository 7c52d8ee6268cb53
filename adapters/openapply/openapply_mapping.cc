#include "adapters/openapply/openapply_mapping.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/record_mapping.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace oa = provider::openapply::v3;

struct LabelRow {
  const char* label;
  v1::EnrollmentStatus status;
};

// The labels of OpenApply's help pages; schools may rename them.
constexpr std::array kLabels = {
    LabelRow{"Not Sent", v1::ENROLLMENT_STATUS_NOT_SENT},
    LabelRow{"Pending", v1::ENROLLMENT_STATUS_PENDING},
    LabelRow{"Undecided", v1::ENROLLMENT_STATUS_UNDECIDED},
    LabelRow{"Confirmed", v1::ENROLLMENT_STATUS_CONFIRMED},
    LabelRow{"Declined", v1::ENROLLMENT_STATUS_DECLINED},
};

// The words that every record gets, made once: a field takes a text sooner than a literal.
struct Words {
  std::string provider = "openapply";
  std::string custom_id = "custom_id";
  std::string application_id = "application_id";
  std::string serial_number = "serial_number";
};

const Words& TheWords() {
  static const Words* words = new Words;
  return *words;
}

void AddIdentifier(const std::string& type, const std::string& value, v1::Learner& learner) {
  if (value.empty()) return;
  v1::Identifier& identifier = *learner.add_identifiers();
  identifier.set_issuer(TheWords().provider);
  identifier.set_type(type);
  identifier.set_value(value);
}

void FillLearner(const oa::Student& student, v1::Learner& learner) {
  if (student.has_id()) learner.set_provider_id(absl::StrCat(student.id()));
  if (student.has_custom_id()) {
    learner.set_student_number(student.custom_id());
    AddIdentifier(TheWords().custom_id, student.custom_id(), learner);
  }
  if (student.has_application_id()) {
    AddIdentifier(TheWords().application_id, student.application_id(), learner);
  }
  if (student.has_serial_number()) {
    AddIdentifier(TheWords().serial_number, absl::StrCat(student.serial_number()), learner);
  }
  if (student.has_status()) learner.set_provider_status(student.status());
  if (student.has_status_level()) learner.set_provider_status_level(student.status_level());
}

// The label that a filter comparison on status or provider_status asks for.
absl::StatusOr<std::string> LabelOf(const Comparison& comparison) {
  if (comparison.field == "provider_status") {
    // A parameter without a value does not narrow the list.
    if (absl::StripAsciiWhitespace(comparison.value).empty()) {
      return errors::FilterUnsupported("OpenApply can't look for an empty provider_status",
                                       "a label");
    }
    return comparison.value;
  }
  v1::EnrollmentStatus status;
  if (v1::EnrollmentStatus_Parse(absl::StrCat("ENROLLMENT_STATUS_", comparison.value), &status) ||
      v1::EnrollmentStatus_Parse(comparison.value, &status)) {
    const absl::string_view label = OpenApplyLabel(status);
    if (!label.empty()) return std::string(label);
  }
  return errors::FilterUnsupported("OpenApply has no such status",
                                   "NOT_SENT, PENDING, UNDECIDED, CONFIRMED, DECLINED");
}

}  // namespace

v1::EnrollmentStatus OpenApplyStatus(absl::string_view label) {
  if (label.empty()) return v1::ENROLLMENT_STATUS_UNSPECIFIED;
  for (const LabelRow& row : kLabels) {
    if (absl::EqualsIgnoreCase(row.label, label)) return row.status;
  }
  return v1::ENROLLMENT_STATUS_UNKNOWN;
}

absl::string_view OpenApplyLabel(v1::EnrollmentStatus status) {
  for (const LabelRow& row : kLabels) {
    if (row.status == status) return row.label;
  }
  return "";
}

v1::Enrollment ToEnrollment(const oa::Reenrollment& record, absl::string_view connection,
                            v1::View view) {
  v1::Enrollment out;
  FillEnrollment(record, connection, view, out);
  return out;
}

void FillEnrollment(const oa::Reenrollment& record, absl::string_view connection, v1::View view,
                    v1::Enrollment& out) {
  const std::string id = record.has_id() ? absl::StrCat(record.id()) : "";
  out.set_name(MakeName<Resource::kEnrollment>(connection, id));
  out.set_provider(TheWords().provider);
  out.set_provider_id(id);
  out.set_kind(v1::ENROLLMENT_KIND_SCHOOL_YEAR);

  out.set_status(OpenApplyStatus(record.status().name()));
  out.set_provider_status(record.status().name());
  SetInstant(record.status().updated_at(), out, &v1::Enrollment::mutable_status_time);

  if (record.has_student()) FillLearner(record.student(), *out.mutable_learner());
  if (record.has_year()) {
    out.mutable_academic_session()->set_type(v1::ACADEMIC_SESSION_TYPE_FULL_SCHOOL_YEAR);
    out.mutable_academic_session()->set_school_year(record.year());
  }
  if (record.has_grade()) out.set_grade_level(record.grade());
  if (auto amount = codec::NormalizeDecimal(record.fee().amount())) {
    out.mutable_funding()->mutable_fee()->set_value(*std::move(amount));
  }
  if (record.has_active()) out.set_active(record.active());
  if (record.has_ignored_deadline()) out.set_deadline_ignored(record.ignored_deadline());
  if (record.has_form() && record.form().has_id()) {
    out.set_form_id(absl::StrCat(record.form().id()));
  }
  SetDate(record.acceptance_date(), out, &v1::Enrollment::mutable_acceptance_date);
  SetInstant(record.created_at(), out, &v1::Enrollment::mutable_create_time);
  SetInstant(record.updated_at(), out, &v1::Enrollment::mutable_update_time);
  SetInstant(record.deleted_at(), out, &v1::Enrollment::mutable_delete_time);
  out.set_deleted(!record.deleted_at().empty());
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
}

absl::StatusOr<oa::ListReenrollmentsRequest> ToListRequest(const EnrollmentQuery& query) {
  oa::ListReenrollmentsRequest request;
  for (const Comparison& comparison : query.filter.comparisons) {
    if (comparison.field == "year") {
      request.set_year(comparison.value);
    } else if (comparison.field == "decision_date") {
      request.set_decision_date(comparison.value);
    } else {
      if (request.has_status()) {
        return errors::FilterUnsupported("status and provider_status can't be combined",
                                         "one of the two");
      }
      auto label = LabelOf(comparison);
      if (!label.ok()) return label.status();
      request.set_status(*std::move(label));
    }
  }
  return request;
}

absl::StatusOr<oa::ListStudentReenrollmentsRequest> ToStudentListRequest(
    const EnrollmentQuery& query) {
  oa::ListStudentReenrollmentsRequest request;
  request.set_student_id(query.learner);
  for (const Comparison& comparison : query.filter.comparisons) {
    if (comparison.field != "year") {
      return errors::FilterUnsupported(
          absl::StrCat("OpenApply can't apply ", comparison.field, " to one learner's enrollments"),
          "year");
    }
    request.set_year(comparison.value);
  }
  return request;
}

absl::StatusOr<oa::UpdateReenrollmentRequest> ToUpdateRequest(const EnrollmentUpdate& update) {
  oa::UpdateReenrollmentRequest request;
  request.set_id(update.name.id());
  oa::ReenrollmentUpdate& values = *request.mutable_reenrollment();
  const v1::Enrollment& enrollment = update.enrollment;
  const auto named = [&update](const char* path) {
    return std::find(update.paths.begin(), update.paths.end(), path) != update.paths.end();
  };
  const bool own_label = named("provider_status");
  // Both come with a record that was read and is sent back: whoever has changed one of them means
  // that one, and which it was can't be told.
  if (own_label && named("status") &&
      OpenApplyStatus(enrollment.provider_status()) != enrollment.status()) {
    return errors::ArgumentInvalid("enrollment.provider_status",
                                   "and enrollment.status say different things; name one of the "
                                   "two in update_mask");
  }
  for (const std::string& path : update.paths) {
    if (path == "provider_status") {
      if (enrollment.provider_status().empty()) {
        return errors::ArgumentInvalid("enrollment.provider_status", "must not be empty");
      }
      values.set_status(enrollment.provider_status());
    } else if (path == "status") {
      if (own_label) continue;
      const absl::string_view label = OpenApplyLabel(enrollment.status());
      if (label.empty()) {
        return errors::ArgumentInvalid("enrollment.status",
                                       "must be NOT_SENT, PENDING, UNDECIDED, CONFIRMED or "
                                       "DECLINED; use provider_status for a "
                                       "school's own label");
      }
      values.set_status(std::string(label));
    } else if (path == "grade_level") {
      int32_t grade = 0;
      if (!absl::SimpleAtoi(enrollment.grade_level(), &grade)) {
        return errors::ArgumentInvalid("enrollment.grade_level", "must be a whole number");
      }
      values.set_grade(grade);
    } else if (path == "status_time") {
      if (!enrollment.has_status_time()) {
        return errors::ArgumentInvalid("enrollment.status_time", "must be set");
      }
      std::string time = codec::FormatRfc3339(enrollment.status_time());
      if (time.empty()) {
        return errors::ArgumentInvalid("enrollment.status_time",
                                       "must be a time of the years 1 to 9999");
      }
      values.set_status_updated_at(std::move(time));
    }
  }
  return request;
}

}  // namespace edugate::adapters
