#include "adapters/class_enrollment/class_enrollment_mapping.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/record_mapping.h"
#include "runtime/codec/decimal.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace ce = provider::class_enrollment::v2;

template <typename Value>
struct IdRow {
  const char* id;
  Value value;
};

// The document's EnrollmentStatusId.
constexpr std::array<IdRow<v1::EnrollmentStatus>, 7> kStatuses = {{
    {"0", v1::ENROLLMENT_STATUS_REQUESTED},
    {"10", v1::ENROLLMENT_STATUS_CANCELLED},
    {"20", v1::ENROLLMENT_STATUS_WAITLISTED},
    {"30", v1::ENROLLMENT_STATUS_APPROVED},
    {"40", v1::ENROLLMENT_STATUS_DENIED},
    {"50", v1::ENROLLMENT_STATUS_AUDITING},
    {"60", v1::ENROLLMENT_STATUS_ENROLLED},
}};

// The document's CompletionStatusId.
constexpr std::array<IdRow<v1::CompletionStatus>, 6> kCompletions = {{
    {"0", v1::COMPLETION_STATUS_UNKNOWN},
    {"10", v1::COMPLETION_STATUS_IN_PROGRESS},
    {"20", v1::COMPLETION_STATUS_COMPLETED},
    {"30", v1::COMPLETION_STATUS_INCOMPLETE},
    {"40", v1::COMPLETION_STATUS_NO_SHOW},
    {"50", v1::COMPLETION_STATUS_FAILED},
}};

// The document's LocationTypeId.
constexpr std::array<IdRow<v1::DeliveryMode>, 4> kDeliveryModes = {{
    {"0", v1::DELIVERY_MODE_TO_BE_DETERMINED},
    {"10", v1::DELIVERY_MODE_FACE_TO_FACE},
    {"20", v1::DELIVERY_MODE_REMOTE_CLASSROOM},
    {"30", v1::DELIVERY_MODE_ONLINE},
}};

// UNSPECIFIED is 0 and the catch-all (UNKNOWN, OTHER) is 1 in every enum of the domain.
template <typename Value, size_t kSize>
Value Find(const std::array<IdRow<Value>, kSize>& table, absl::string_view id) {
  if (id.empty()) return static_cast<Value>(0);
  for (const auto& row : table) {
    if (row.id == id) return row.value;
  }
  return static_cast<Value>(1);
}

absl::StatusOr<std::string> StatusIdOf(const Comparison& comparison) {
  if (comparison.field == "provider_status") return comparison.value;
  v1::EnrollmentStatus status;
  if (v1::EnrollmentStatus_Parse(absl::StrCat("ENROLLMENT_STATUS_", comparison.value), &status) ||
      v1::EnrollmentStatus_Parse(comparison.value, &status)) {
    for (const auto& row : kStatuses) {
      if (row.value == status) return std::string(row.id);
    }
  }
  return errors::FilterUnsupported(
      "class enrollments have no such status",
      "REQUESTED, CANCELLED, WAITLISTED, APPROVED, DENIED, AUDITING, ENROLLED");
}

absl::Status SetCreationBound(const Comparison& comparison,
                              ce::SearchClassEnrollmentsRequest& request) {
  auto instant = codec::ParseInstant(comparison.value, codec::MissingOffset::kUtc);
  if (!instant.has_value()) {
    return errors::FilterUnsupported("create_time is compared with an RFC 3339 instant",
                                     "create_time > \"2026-01-31T00:00:00Z\"");
  }
  // The provider compares whole seconds. Rounded outwards, no enrollment is lost.
  if (comparison.op == ">") {
    request.set_created_after(instant->seconds());
  } else {
    request.set_created_before(instant->seconds() + (instant->nanos() > 0 ? 1 : 0));
  }
  return absl::OkStatus();
}

}  // namespace

v1::EnrollmentStatus ClassEnrollmentStatus(absl::string_view id) { return Find(kStatuses, id); }

v1::CompletionStatus ClassCompletionStatus(absl::string_view id) { return Find(kCompletions, id); }

v1::DeliveryMode ClassDeliveryMode(absl::string_view id) { return Find(kDeliveryModes, id); }

v1::Enrollment ToEnrollment(const ce::ClassEnrollment& record, absl::string_view connection,
                            v1::View view) {
  v1::Enrollment out;
  FillEnrollment(record, connection, view, out);
  return out;
}

void FillEnrollment(const ce::ClassEnrollment& record, absl::string_view connection, v1::View view,
                    v1::Enrollment& out) {
  const std::string id = record.has_id() ? absl::StrCat(record.id()) : "";
  out.set_name(MakeName<Resource::kEnrollment>(connection, id));
  out.set_provider("class_enrollment");
  out.set_provider_id(id);
  if (!record.external_id().empty()) {
    v1::Identifier& external = *out.add_identifiers();
    external.set_issuer("class_enrollment");
    external.set_type("external_id");
    external.set_value(record.external_id());
  }
  out.set_kind(v1::ENROLLMENT_KIND_COURSE);

  out.set_status(ClassEnrollmentStatus(record.enrollment_status_id()));
  out.set_provider_status(record.enrollment_status_id());
  out.set_completion(ClassCompletionStatus(record.completion_status_id()));
  out.set_provider_completion(record.completion_status_id());

  if (record.has_user_id()) out.mutable_learner()->set_provider_id(absl::StrCat(record.user_id()));
  if (record.has_class_id()) out.mutable_course()->set_provider_id(absl::StrCat(record.class_id()));
  if (record.has_location_type_id()) {
    out.mutable_course()->set_delivery_mode(ClassDeliveryMode(record.location_type_id()));
    out.mutable_course()->set_provider_delivery_mode(record.location_type_id());
  }
  if (record.has_classroom_id()) {
    out.mutable_course()->set_classroom_id(absl::StrCat(record.classroom_id()));
  }
  if (auto grade = codec::NormalizeDecimal(record.grade())) {
    out.mutable_grade()->mutable_numeric()->set_value(*std::move(grade));
  }
  if (auto hours = codec::NormalizeDecimal(record.hours_spent())) {
    out.mutable_progress()->mutable_hours_spent()->set_value(*std::move(hours));
  }
  if (record.has_late_cancel()) out.set_late_cancel(record.late_cancel());
  if (record.has_retake()) out.set_retake(record.retake());
  for (const ce::CustomField& field : record.custom_fields()) {
    v1::CustomField& custom = *out.add_custom_fields();
    if (field.has_custom_field_id()) custom.set_field_id(absl::StrCat(field.custom_field_id()));
    custom.set_display_name(field.name());
    if (!field.has_text_value()) continue;
    // Several values of one field are joined by tabs (the vendor's custom field types 60 and 70).
    for (absl::string_view value : absl::StrSplit(field.text_value(), '\t')) {
      custom.add_values(std::string(value));
    }
  }
  SetInstant(record.created(), out, &v1::Enrollment::mutable_create_time);
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
}

absl::StatusOr<ce::SearchClassEnrollmentsRequest> ToSearchRequest(const EnrollmentQuery& query) {
  ce::SearchClassEnrollmentsRequest request;
  if (!query.learner.empty()) request.set_student_id(query.learner);
  for (const Comparison& comparison : query.filter.comparisons) {
    if (comparison.field == "course.provider_id") {
      request.set_class_id(comparison.value);
    } else if (comparison.field == "course.title") {
      request.set_class_name(comparison.value);
    } else if (comparison.field == "create_time") {
      absl::Status set = SetCreationBound(comparison, request);
      if (!set.ok()) return set;
    } else {
      if (request.has_enrollment_status_id()) {
        return errors::FilterUnsupported("status and provider_status can't be combined",
                                         "one of the two");
      }
      auto id = StatusIdOf(comparison);
      if (!id.ok()) return id.status();
      request.set_enrollment_status_id(*std::move(id));
    }
  }
  return request;
}

}  // namespace edugate::adapters
