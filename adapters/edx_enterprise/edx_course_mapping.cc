#include "adapters/edx_enterprise/edx_course_mapping.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "adapters/edx_enterprise/edx_content_parts.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "runtime/codec/decimal.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

constexpr std::array kRunStatuses = {
    WordRow<v1::CourseRunStatus>{"unpublished", v1::COURSE_RUN_STATUS_UNPUBLISHED},
    WordRow<v1::CourseRunStatus>{"review_by_legal", v1::COURSE_RUN_STATUS_REVIEW_BY_LEGAL},
    WordRow<v1::CourseRunStatus>{"review_by_internal", v1::COURSE_RUN_STATUS_REVIEW_BY_INTERNAL},
    WordRow<v1::CourseRunStatus>{"reviewed", v1::COURSE_RUN_STATUS_REVIEWED},
    WordRow<v1::CourseRunStatus>{"published", v1::COURSE_RUN_STATUS_PUBLISHED},
};

constexpr std::array kAvailabilities = {
    WordRow<v1::Availability>{"Current", v1::AVAILABILITY_CURRENT},
    WordRow<v1::Availability>{"Starting Soon", v1::AVAILABILITY_STARTING_SOON},
    WordRow<v1::Availability>{"Upcoming", v1::AVAILABILITY_UPCOMING},
    WordRow<v1::Availability>{"Archived", v1::AVAILABILITY_ARCHIVED},
};

// Sets the price of a seat or an entitlement where the amount is one: none is not a price of 0.
template <typename Record, typename Out>
void SetPrice(const Record& from, Out& out) {
  auto price = codec::DecimalToMoney(from.price(), from.currency());
  if (price.ok()) *out.mutable_price() = *std::move(price);
}

v1::Seat ToSeat(const edx::Seat& from) {
  v1::Seat out;
  out.set_mode(EdxEnrollmentMode(from.type()));
  out.set_provider_mode(from.type());
  SetPrice(from, out);
  SetInstant(from.upgrade_deadline_override().empty() ? from.upgrade_deadline()
                                                      : from.upgrade_deadline_override(),
             out, &v1::Seat::mutable_upgrade_deadline_time);
  SetText(from.credit_provider(), out, &v1::Seat::mutable_credit_provider);
  SetDecimal(from.credit_hours(), out, &v1::Seat::mutable_credit_hours);
  SetText(from.sku(), out, &v1::Seat::mutable_sku);
  SetText(from.bulk_sku(), out, &v1::Seat::mutable_bulk_sku);
  return out;
}

v1::Entitlement ToEntitlement(const edx::Entitlement& from) {
  v1::Entitlement out;
  out.set_mode(EdxEnrollmentMode(from.mode()));
  out.set_provider_mode(from.mode());
  SetPrice(from, out);
  SetText(from.sku(), out, &v1::Entitlement::mutable_sku);
  SetInstant(from.expires(), out, &v1::Entitlement::mutable_expire_time);
  return out;
}

// Documented as a URL, sent as an image.
v1::Image ToOriginalImage(const edx::Course& from) {
  if (from.has_original_image()) return ToImage(from.original_image());
  v1::Image out;
  out.set_url(TextInPlaceOf("original_image", from));
  return out;
}

v1::CourseTerms ToTerms(const edx::NormalizedMetadata& from) {
  using Out = v1::CourseTerms;
  Out out;
  SetInstant(from.start_date(), out, &Out::mutable_start_time);
  SetInstant(from.end_date(), out, &Out::mutable_end_time);
  SetInstant(from.enroll_start_date(), out, &Out::mutable_enrollment_start_time);
  SetInstant(from.enroll_by_date(), out, &Out::mutable_enrollment_end_time);
  SetDecimal(from.content_price(), out, &Out::mutable_price);
  return out;
}

}  // namespace

v1::CourseRun CourseRunFrom(const edx::CourseRun& from, const CatalogScope& scope) {
  using Out = v1::CourseRun;
  Out out;
  out.set_name(MakeName<Resource::kCourseRun>(scope.connection, scope.catalog, from.key()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(from.uuid());
  out.set_key(from.key());
  out.set_course_key(from.course().empty() ? from.parent_content_key() : from.course());
  SetText(from.course_uuid(), out, &Out::mutable_course_id);
  SetText(from.external_key(), out, &Out::mutable_external_key);
  out.set_title(from.title());
  SetText(from.short_description(), out, &Out::mutable_short_description);
  SetText(from.full_description(), out, &Out::mutable_full_description);
  SetText(from.outcome(), out, &Out::mutable_outcome);
  out.set_status(ValueOf(kRunStatuses, from.status(), v1::COURSE_RUN_STATUS_UNKNOWN));
  out.set_provider_status(from.status());
  out.set_availability(ValueOf(kAvailabilities, from.availability(), v1::AVAILABILITY_OTHER));
  out.set_provider_availability(from.availability());
  SetInstant(from.start(), out, &Out::mutable_start_time);
  SetInstant(from.end(), out, &Out::mutable_end_time);
  SetInstant(from.go_live_date(), out, &Out::mutable_go_live_time);
  SetInstant(from.announcement(), out, &Out::mutable_announcement_time);
  SetInstant(from.enrollment_start(), out, &Out::mutable_enrollment_start_time);
  SetInstant(from.enrollment_end(), out, &Out::mutable_enrollment_end_time);
  if (from.has_weeks_to_complete()) out.set_weeks_to_complete(from.weeks_to_complete());
  if (from.has_min_effort()) out.set_min_effort_hours_per_week(from.min_effort());
  if (from.has_max_effort()) out.set_max_effort_hours_per_week(from.max_effort());
  SetDecimal(from.estimated_hours(), out, &Out::mutable_estimated_hours);
  out.set_pacing(EdxPacing(from.pacing_type()));
  out.set_provider_pacing(from.pacing_type());
  out.set_mode(EdxEnrollmentMode(from.type()));
  out.set_provider_mode(from.type());
  SetText(from.run_type(), out, &Out::mutable_run_type_id);
  SetText(from.variant_id(), out, &Out::mutable_variant_id);
  AddAll(from.seats(), out.mutable_seats(), ToSeat);
  SetDecimal(from.first_enrollable_paid_seat_price(), out, &Out::mutable_first_paid_seat_price);
  if (from.has_is_enrollable()) out.set_enrollable(from.is_enrollable());
  if (from.has_is_marketable()) out.set_marketable(from.is_marketable());
  if (from.has_hidden()) out.set_hidden(from.hidden());
  if (from.has_mobile_available()) out.set_mobile_available(from.mobile_available());
  if (from.has_eligible_for_financial_aid()) {
    out.set_financial_aid_eligible(from.eligible_for_financial_aid());
  }
  if (from.has_has_ofac_restrictions()) out.set_sanctions_restricted(from.has_ofac_restrictions());
  SetText(from.ofac_comment(), out, &Out::mutable_sanctions_comment);
  out.set_level(EdxCourseLevel(from.level_type()));
  out.set_provider_level(from.level_type());
  SetText(from.content_language(), out, &Out::mutable_content_language);
  // A list says the language's name under another name.
  const bool named_in_list =
      from.content_language_search_facet_name().empty() && from.language_size() > 0;
  SetText(named_in_list ? from.language(0) : from.content_language_search_facet_name(), out,
          &Out::mutable_content_language_name);
  *out.mutable_transcript_languages() = from.transcript_languages();
  AddAll(from.staff(), out.mutable_staff(), ToInstructor);
  AddAll(from.instructors(), out.mutable_instructors(), ToInstructor);
  SetUnlessEmpty(ToImage(from.image()), out, &Out::mutable_image);
  if (!out.has_image() && !from.image_url().empty()) out.mutable_image()->set_url(from.image_url());
  SetUnlessEmpty(ToVideo(from.video()), out, &Out::mutable_video);
  SetText(from.marketing_url(), out, &Out::mutable_marketing_url);
  SetText(from.enrollment_url(), out, &Out::mutable_enrollment_url);
  SetText(from.license(), out, &Out::mutable_content_license);
  SetText(from.reporting_type(), out, &Out::mutable_provider_reporting_type);
  SetText(TextOfJson(from.expected_program_type(), {"slug"}), out,
          &Out::mutable_expected_program_type);
  SetText(from.expected_program_name(), out, &Out::mutable_expected_program_name);
  for (const edx::NestedProgram& program : from.programs()) {
    *out.add_programs() = ToProgramRef(program, scope);
  }
  SetContentCounts(from, out);
  SetInstant(from.modified(), out, &Out::mutable_update_time);
  return out;
}

v1::Course CourseFrom(const edx::Course& from, const CatalogScope& scope) {
  using Out = v1::Course;
  Out out;
  out.set_name(MakeName<Resource::kCourse>(scope.connection, scope.catalog, from.key()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(from.uuid());
  out.set_key(from.key());
  out.set_title(from.title());
  SetText(from.short_description(), out, &Out::mutable_short_description);
  SetText(from.full_description(), out, &Out::mutable_full_description);
  SetText(from.outcome(), out, &Out::mutable_outcome);
  SetText(from.syllabus_raw(), out, &Out::mutable_syllabus);
  *out.mutable_expected_learning_items() = from.expected_learning_items();
  for (const edx::Prerequisite& prerequisite : from.prerequisites()) {
    if (!prerequisite.name().empty()) out.add_prerequisites(prerequisite.name());
  }
  SetText(absl::StrJoin(TextsOfJson(from.prerequisites_raw(), {"name"}), "\n"), out,
          &Out::mutable_prerequisites_text);
  SetText(absl::StrJoin(TextsOfJson(from.faq(), {"question", "answer"}), "\n"), out,
          &Out::mutable_faq);
  SetText(from.learner_testimonials(), out, &Out::mutable_learner_testimonials);
  SetText(TextOfJson(from.extra_description(), {"title", "description"}), out,
          &Out::mutable_extra_description);
  SetText(from.additional_information(), out, &Out::mutable_additional_information);
  out.set_level(EdxCourseLevel(from.level_type()));
  out.set_provider_level(from.level_type());
  SetText(from.course_type(), out, &Out::mutable_provider_course_type);
  SetText(from.type(), out, &Out::mutable_course_type_id);
  AddAll(from.owners(), out.mutable_organizations(), ToOrganization);
  AddAll(from.sponsors(), out.mutable_sponsors(), ToOrganization);
  AddAll(from.subjects(), out.mutable_subjects(), ToSubject);
  AddTexts(TextsOfJson(from.topics(), {"name"}), out.mutable_topics());
  AddSkills(from, out);
  SetUnlessEmpty(ToImage(from.image()), out, &Out::mutable_image);
  if (!out.has_image() && !from.image_url().empty()) out.mutable_image()->set_url(from.image_url());
  SetUnlessEmpty(ToOriginalImage(from), out, &Out::mutable_original_image);
  SetText(from.card_image_url(), out, &Out::mutable_card_image_url);
  SetUnlessEmpty(ToVideo(from.video()), out, &Out::mutable_video);
  SetText(from.marketing_url(), out, &Out::mutable_marketing_url);
  SetText(from.enrollment_url(), out, &Out::mutable_enrollment_url);
  SetText(from.url_slug(), out, &Out::mutable_slug);
  AddAll(from.entitlements(), out.mutable_entitlements(), ToEntitlement);
  for (const edx::CourseRun& run : from.course_runs())
    *out.add_course_runs() = CourseRunFrom(run, scope);
  *out.mutable_course_run_keys() = from.course_run_keys();
  *out.mutable_provider_course_run_statuses() = from.course_run_statuses();
  SetText(from.canonical_course_run_key(), out, &Out::mutable_canonical_course_run_key);
  SetText(from.advertised_course_run_uuid(), out, &Out::mutable_advertised_course_run_id);
  SetText(from.key_for_reruns(), out, &Out::mutable_key_for_reruns);
  for (const edx::NestedProgram& program : from.programs()) {
    *out.add_programs() = ToProgramRef(program, scope);
  }
  SetContentCounts(from, out);
  SetContentPlacement(from, out);
  SetUnlessEmpty(ToExternalOffering(from.additional_metadata()), out,
                 &Out::mutable_external_offering);
  SetUnlessEmpty(ToTerms(from.normalized_metadata()), out, &Out::mutable_terms);
  *out.mutable_languages() = from.language();
  if (from.has_active()) out.set_active(from.active());
  SetInstant(from.modified(), out, &Out::mutable_update_time);
  SetInstant(from.data_modified_timestamp(), out, &Out::mutable_data_update_time);
  *out.mutable_slug_history() = from.url_slug_history();
  return out;
}

}  // namespace edugate::adapters
