#include "adapters/edx_enterprise/edx_catalog_mapping.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decimal.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using nlohmann::json;

template <typename Enum>
struct WordRow {
  const char* word;
  Enum value;
};

constexpr std::array kLevels = {
    WordRow<v1::CourseLevel>{"high_school", v1::COURSE_LEVEL_HIGH_SCHOOL},
    WordRow<v1::CourseLevel>{"Introductory", v1::COURSE_LEVEL_INTRODUCTORY},
    WordRow<v1::CourseLevel>{"Intermediate", v1::COURSE_LEVEL_INTERMEDIATE},
    WordRow<v1::CourseLevel>{"Advanced", v1::COURSE_LEVEL_ADVANCED},
};

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

constexpr std::array kProgramStatuses = {
    WordRow<v1::ProgramStatus>{"unpublished", v1::PROGRAM_STATUS_UNPUBLISHED},
    WordRow<v1::ProgramStatus>{"active", v1::PROGRAM_STATUS_ACTIVE},
    WordRow<v1::ProgramStatus>{"published", v1::PROGRAM_STATUS_ACTIVE},
    WordRow<v1::ProgramStatus>{"retired", v1::PROGRAM_STATUS_RETIRED},
    WordRow<v1::ProgramStatus>{"deleted", v1::PROGRAM_STATUS_DELETED},
};

// The value of a word; the enum's zero for an empty one, `other` for one that is not in the table.
template <typename Rows, typename Enum>
Enum ValueOf(const Rows& rows, absl::string_view word, Enum other) {
  if (word.empty()) return static_cast<Enum>(0);
  for (const auto& row : rows) {
    if (absl::EqualsIgnoreCase(row.word, word)) return row.value;
  }
  return other;
}

// Sets the price of a seat or an entitlement where the amount is one: none is not a price of 0.
template <typename Record, typename Out>
void SetPrice(const Record& from, Out& out) {
  auto price = codec::DecimalToMoney(from.price(), from.currency());
  if (price.ok()) *out.mutable_price() = *std::move(price);
}

// The text that stands where the schema has a record; empty where there is none.
template <typename Record>
std::string TextInPlaceOf(absl::string_view field, const Record& from) {
  const rest::v1::UnknownField* const found = IllFitting(from, field);
  return found == nullptr ? "" : TextOfJson(found->json(), {});
}

void AddTexts(const std::vector<std::string>& texts,
              google::protobuf::RepeatedPtrField<std::string>* out) {
  for (const std::string& text : texts) *out->Add() = text;
}

v1::Image ToImage(const edx::Image& from) {
  v1::Image out;
  out.set_url(from.src());
  SetText(from.description(), out, &v1::Image::mutable_description);
  if (from.has_width()) out.set_width(from.width());
  if (from.has_height()) out.set_height(from.height());
  return out;
}

v1::Image ToLargestImage(const edx::SizedImages& from) {
  v1::Image out;
  for (const edx::SizedImage* size :
       {&from.large(), &from.medium(), &from.small(), &from.x_small()}) {
    if (size->url().empty()) continue;
    out.set_url(size->url());
    if (size->has_width()) out.set_width(size->width());
    if (size->has_height()) out.set_height(size->height());
    break;
  }
  return out;
}

v1::Video ToVideo(const edx::Video& from) {
  v1::Video out;
  out.set_url(from.src());
  SetText(from.description(), out, &v1::Video::mutable_description);
  SetUnlessEmpty(ToImage(from.image()), out, &v1::Video::mutable_image);
  return out;
}

v1::CatalogOrganization ToOrganization(const edx::Organization& from) {
  using Out = v1::CatalogOrganization;
  Out out;
  out.set_provider_id(from.uuid());
  out.set_key(from.key());
  out.set_display_name(from.name());
  SetText(from.description(), out, &Out::mutable_description);
  SetText(from.description_es(), out, &Out::mutable_description_es);
  SetText(from.logo_image_url(), out, &Out::mutable_logo_url);
  SetText(from.certificate_logo_image_url(), out, &Out::mutable_certificate_logo_url);
  SetText(from.banner_image_url(), out, &Out::mutable_banner_url);
  SetText(from.homepage_url(), out, &Out::mutable_homepage_url);
  SetText(from.marketing_url(), out, &Out::mutable_marketing_url);
  SetText(from.slug(), out, &Out::mutable_slug);
  SetText(from.organization_hex_color(), out, &Out::mutable_color);
  *out.mutable_tags() = from.tags();
  if (from.has_enterprise_subscription_inclusion()) {
    out.set_subscription_included(from.enterprise_subscription_inclusion());
  }
  SetInstant(from.data_modified_timestamp(), out, &Out::mutable_data_update_time);
  if (from.has_auto_generate_course_run_keys()) {
    out.set_generates_course_run_keys(from.auto_generate_course_run_keys());
  }
  return out;
}

v1::Subject ToSubject(const edx::Subject& from) {
  v1::Subject out;
  out.set_provider_id(from.uuid());
  out.set_display_name(from.name());
  SetText(from.subtitle(), out, &v1::Subject::mutable_subtitle);
  SetText(from.description(), out, &v1::Subject::mutable_description);
  SetText(from.slug(), out, &v1::Subject::mutable_slug);
  SetText(from.banner_image_url(), out, &v1::Subject::mutable_banner_url);
  SetText(from.card_image_url(), out, &v1::Subject::mutable_card_image_url);
  return out;
}

v1::Skill ToSkill(const edx::Skill& from) {
  v1::Skill out;
  out.set_display_name(from.name());
  SetText(from.description(), out, &v1::Skill::mutable_description);
  SetText(TextOfJson(from.category(), {"name"}), out, &v1::Skill::mutable_category);
  SetText(TextOfJson(from.subcategory(), {"name"}), out, &v1::Skill::mutable_subcategory);
  return out;
}

// The skills of a course or program: the records where there are any, the bare names elsewhere.
template <typename Record, typename Out>
void AddSkills(const Record& from, Out& out) {
  AddAll(from.skills(), out.mutable_skills(), ToSkill);
  if (from.skills_size() > 0) return;
  for (const std::string& name : from.skill_names()) out.add_skills()->set_display_name(name);
}

v1::WebLink ToLink(const edx::PersonUrl& from) {
  v1::WebLink out;
  out.set_type(from.type());
  out.set_title(from.display_title().empty() ? from.title() : from.display_title());
  out.set_url(from.url());
  return out;
}

v1::Instructor ToInstructor(const edx::Person& from) {
  using Out = v1::Instructor;
  Out out;
  out.set_provider_id(from.uuid());
  SetText(from.salutation(), out, &Out::mutable_salutation);
  SetText(from.given_name(), out, &Out::mutable_given_name);
  SetText(from.family_name(), out, &Out::mutable_family_name);
  SetText(from.bio(), out, &Out::mutable_biography);
  SetText(from.email(), out, &Out::mutable_email);
  const edx::Position& position = from.position();
  SetText(position.title(), out, &Out::mutable_position);
  v1::OrganizationRef organization;
  organization.set_provider_id(position.organization_uuid());
  organization.set_display_name(position.organization_override().empty()
                                    ? position.organization_name()
                                    : position.organization_override());
  SetUnlessEmpty(std::move(organization), out, &Out::mutable_organization);
  SetText(from.profile_image_url().empty() ? from.profile_image().medium().url()
                                           : from.profile_image_url(),
          out, &Out::mutable_image_url);
  SetText(from.slug(), out, &Out::mutable_slug);
  for (const edx::AreaOfExpertise& area : from.areas_of_expertise()) {
    if (!area.value().empty()) out.add_areas_of_expertise(area.value());
  }
  SetText(from.major_works(), out, &Out::mutable_major_works);
  AddAll(from.urls_detailed(), out.mutable_links(), ToLink);
  if (from.urls_detailed_size() == 0) {
    auto add = [&out](const char* type, const std::string& url) {
      if (url.empty()) return;
      v1::WebLink& link = *out.add_links();
      link.set_type(type);
      link.set_url(url);
    };
    add("facebook", from.urls().facebook());
    add("twitter", from.urls().twitter());
    add("blog", from.urls().blog());
  }
  return out;
}

v1::ProgramRef ToProgramRef(const edx::NestedProgram& from, const CatalogScope& scope) {
  v1::ProgramRef out;
  out.set_program(MakeName<Resource::kProgram>(scope.connection, scope.catalog, from.uuid()));
  out.set_provider_id(from.uuid());
  out.set_title(from.title());
  out.set_provider_type(from.type());
  SetText(from.marketing_url(), out, &v1::ProgramRef::mutable_marketing_url);
  if (from.has_number_of_courses()) out.set_course_count(from.number_of_courses());
  return out;
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

v1::Geolocation ToGeolocation(const edx::Geolocation& from) {
  v1::Geolocation out;
  SetText(from.location_name(), out, &v1::Geolocation::mutable_display_name);
  SetDecimal(from.lat(), out, &v1::Geolocation::mutable_latitude);
  SetDecimal(from.lng(), out, &v1::Geolocation::mutable_longitude);
  return out;
}

v1::LocationRestriction ToLocationRestriction(const edx::LocationRestriction& from) {
  v1::LocationRestriction out;
  out.set_provider_type(from.restriction_type());
  *out.mutable_countries() = from.countries();
  *out.mutable_states() = from.states();
  return out;
}

// Of a course or program: a record, or in older content a bare name.
template <typename Record>
v1::ProductSource ToProductSource(const Record& record) {
  v1::ProductSource out;
  const edx::ProductSource& from = record.product_source();
  out.set_display_name(record.has_product_source() ? from.name()
                                                   : TextInPlaceOf("product_source", record));
  out.set_slug(from.slug());
  SetText(from.description(), out, &v1::ProductSource::mutable_description);
  return out;
}

// Documented as a URL, sent as an image.
v1::Image ToOriginalImage(const edx::Course& from) {
  if (from.has_original_image()) return ToImage(from.original_image());
  v1::Image out;
  out.set_url(TextInPlaceOf("original_image", from));
  return out;
}

v1::TitledText ToTitledText(const edx::TitledText& from) {
  v1::TitledText out;
  out.set_heading(from.heading());
  out.set_text(from.blurb());
  return out;
}

v1::ExternalOffering ToExternalOffering(const edx::AdditionalMetadata& from) {
  using Out = v1::ExternalOffering;
  Out out;
  SetText(from.external_identifier(), out, &Out::mutable_external_id);
  SetText(from.external_url(), out, &Out::mutable_url);
  SetText(from.lead_capture_form_url(), out, &Out::mutable_inquiry_url);
  SetText(from.organic_url(), out, &Out::mutable_organic_url);
  AddAll(from.facts(), out.mutable_facts(), ToTitledText);
  SetUnlessEmpty(ToTitledText(from.certificate_info()), out, &Out::mutable_certificate_info);
  SetInstant(from.start_date(), out, &Out::mutable_start_time);
  SetInstant(from.end_date(), out, &Out::mutable_end_time);
  SetInstant(from.registration_deadline(), out, &Out::mutable_registration_deadline_time);
  SetText(from.variant_id(), out, &Out::mutable_variant_id);
  SetText(from.course_term_override(), out, &Out::mutable_term);
  SetText(from.product_status(), out, &Out::mutable_provider_status);
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

// What courses and programs say alike.
template <typename Record, typename Out>
void SetContentPlacement(const Record& from, Out& out) {
  if (from.has_excluded_from_search()) out.set_excluded_from_search(from.excluded_from_search());
  if (from.has_excluded_from_seo()) out.set_excluded_from_seo(from.excluded_from_seo());
  SetUnlessEmpty(ToGeolocation(from.geolocation()), out, &Out::mutable_geolocation);
  SetUnlessEmpty(ToLocationRestriction(from.location_restriction()), out,
                 &Out::mutable_location_restriction);
  SetUnlessEmpty(ToProductSource(from), out, &Out::mutable_product_source);
  SetText(from.organization_short_code_override(), out, &Out::mutable_organization_key_override);
  SetText(from.organization_logo_override_url(), out, &Out::mutable_organization_logo_override_url);
}

// What courses, course runs and programs say alike.
template <typename Record, typename Out>
void SetContentCounts(const Record& from, Out& out) {
  if (from.has_enrollment_count()) out.set_enrollment_count(from.enrollment_count());
  if (from.has_recent_enrollment_count()) {
    out.set_recent_enrollment_count(from.recent_enrollment_count());
  }
  if (from.has_enterprise_subscription_inclusion()) {
    out.set_subscription_included(from.enterprise_subscription_inclusion());
  }
}

v1::CourseRun RunFrom(const edx::CourseRun& from, const CatalogScope& scope) {
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
  out.set_level(ValueOf(kLevels, from.level_type(), v1::COURSE_LEVEL_OTHER));
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
  out.set_level(ValueOf(kLevels, from.level_type(), v1::COURSE_LEVEL_OTHER));
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
  for (const edx::CourseRun& run : from.course_runs()) *out.add_course_runs() = RunFrom(run, scope);
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

v1::DegreeDetails ToDegree(const edx::Degree& from) {
  using Out = v1::DegreeDetails;
  Out out;
  SetText(from.application_requirements(), out, &Out::mutable_application_requirements);
  SetText(from.apply_url(), out, &Out::mutable_apply_url);
  SetText(from.prerequisite_coursework(), out, &Out::mutable_prerequisite_coursework);
  *out.mutable_specializations() = from.specializations();
  for (const edx::DegreeCost& each : from.costs()) {
    v1::DegreeCost& cost = *out.add_costs();
    cost.set_description(each.description());
    cost.set_amount_text(each.amount());
  }
  SetText(from.costs_fine_print(), out, &Out::mutable_costs_fine_print);
  for (const edx::DegreeDeadline& each : from.deadlines()) {
    v1::DegreeDeadline& deadline = *out.add_deadlines();
    deadline.set_term(each.semester());
    deadline.set_display_name(each.name());
    deadline.set_date_text(each.date());
    deadline.set_time_text(each.time());
  }
  SetText(from.deadlines_fine_print(), out, &Out::mutable_deadlines_fine_print);
  SetText(from.overall_ranking(), out, &Out::mutable_overall_ranking);
  for (const edx::QuickFact& fact : from.quick_facts()) {
    if (!fact.text().empty()) out.add_quick_facts(fact.text());
  }
  SetText(from.program_duration_override(), out, &Out::mutable_duration);
  SetUnlessEmpty(ToExternalOffering(from.additional_metadata()), out,
                 &Out::mutable_external_offering);
  return out;
}

v1::Curriculum ToCurriculum(const edx::Curriculum& from, const CatalogScope& scope) {
  v1::Curriculum out;
  out.set_provider_id(from.uuid());
  out.set_display_name(from.name());
  SetText(from.marketing_text(), out, &v1::Curriculum::mutable_description);
  SetText(from.marketing_text_brief(), out, &v1::Curriculum::mutable_short_description);
  if (from.has_is_active()) out.set_active(from.is_active());
  for (const edx::Course& each : from.courses()) {
    v1::Course& course = *out.add_courses();
    course.set_name(MakeName<Resource::kCourse>(scope.connection, scope.catalog, each.key()));
    course.set_provider(kEdxProvider);
    course.set_provider_id(each.uuid());
    course.set_key(each.key());
    course.set_title(each.title());
  }
  for (const edx::NestedProgram& program : from.programs()) {
    *out.add_programs() = ToProgramRef(program, scope);
  }
  return out;
}

v1::Endorsement ToEndorsement(const edx::Endorsement& from) {
  v1::Endorsement out;
  SetUnlessEmpty(ToInstructor(from.endorser()), out, &v1::Endorsement::mutable_endorser);
  out.set_quote(from.quote());
  return out;
}

void AddEndorsements(const edx::CorporateEndorsement& from, v1::Program& out) {
  v1::Endorsement company;
  SetText(from.corporation_name(), company, &v1::Endorsement::mutable_corporation);
  company.set_quote(from.statement());
  SetUnlessEmpty(ToImage(from.image()), company, &v1::Endorsement::mutable_image);
  if (company.ByteSizeLong() > 0) *out.add_endorsements() = std::move(company);
  for (const edx::Endorsement& each : from.individual_endorsements()) {
    v1::Endorsement& person = *out.add_endorsements();
    person = ToEndorsement(each);
    SetText(from.corporation_name(), person, &v1::Endorsement::mutable_corporation);
  }
}

std::string NumberAt(const json& range, const char* key) {
  const auto found = range.find(key);
  if (found == range.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->is_number() ? found->dump() : "";
}

// Price ranges: documented as bare numbers, sent as records with min, max and total, or with one
// price.
void AddPriceRanges(const std::string& text,
                    google::protobuf::RepeatedPtrField<v1::PriceRange>* out) {
  using Range = v1::PriceRange;
  if (text.empty()) return;
  const json ranges = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!ranges.is_array()) return;
  for (const json& each : ranges) {
    Range range;
    if (each.is_object()) {
      const auto currency = each.find("currency");
      if (currency != each.end() && currency->is_string()) {
        range.set_currency_code(currency->get<std::string>());
      }
      const std::string price = NumberAt(each, "price");
      const std::string min = NumberAt(each, "min");
      const std::string max = NumberAt(each, "max");
      SetDecimal(min.empty() ? price : min, range, &Range::mutable_min);
      SetDecimal(max.empty() ? price : max, range, &Range::mutable_max);
      SetDecimal(NumberAt(each, "total"), range, &Range::mutable_total);
    } else {
      const std::string price = each.is_string() ? each.get<std::string>() : each.dump();
      SetDecimal(price, range, &Range::mutable_min);
      SetDecimal(price, range, &Range::mutable_max);
    }
    if (range.ByteSizeLong() > 0) *out->Add() = std::move(range);
  }
}

v1::Program ProgramFrom(const edx::Program& from, const CatalogScope& scope) {
  using Out = v1::Program;
  Out out;
  out.set_name(MakeName<Resource::kProgram>(scope.connection, scope.catalog, from.uuid()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(from.uuid());
  out.set_title(from.title());
  SetText(from.subtitle(), out, &Out::mutable_subtitle);
  out.set_provider_type(from.type());
  SetText(from.type_attrs().uuid(), out, &Out::mutable_type_id);
  SetText(from.type_attrs().slug(), out, &Out::mutable_type_slug);
  out.set_status(ValueOf(kProgramStatuses, from.status(), v1::PROGRAM_STATUS_UNKNOWN));
  out.set_provider_status(from.status());
  SetText(from.overview(), out, &Out::mutable_overview);
  SetText(from.marketing_hook(), out, &Out::mutable_marketing_hook);
  *out.mutable_expected_learning_items() = from.expected_learning_items();
  AddTexts(TextsOfJson(from.faq(), {"question", "answer"}), out.mutable_faq());
  for (const edx::Course& course : from.courses()) *out.add_courses() = CourseFrom(course, scope);
  for (const edx::Curriculum& each : from.curricula()) {
    *out.add_curricula() = ToCurriculum(each, scope);
  }
  SetUnlessEmpty(ToDegree(from.degree()), out, &Out::mutable_degree);
  AddAll(from.authoring_organizations(), out.mutable_organizations(), ToOrganization);
  AddAll(from.credit_backing_organizations(), out.mutable_credit_backing_organizations(),
         ToOrganization);
  SetText(TextOfJson(from.credit_redemption_overview(), {"title", "description", "overview"}), out,
          &Out::mutable_credit_redemption_overview);
  SetDecimal(from.credit_value(), out, &Out::mutable_credit_value);
  AddAll(from.subjects(), out.mutable_subjects(), ToSubject);
  SetUnlessEmpty(ToSubject(from.primary_subject_override()), out, &Out::mutable_primary_subject);
  AddTexts(TextsOfJson(from.topics(), {"name"}), out.mutable_topics());
  AddSkills(from, out);
  const std::string& level = from.level_type_override().name();
  out.set_level(ValueOf(kLevels, level, v1::COURSE_LEVEL_OTHER));
  out.set_provider_level(level);
  *out.mutable_labels() = from.labels();
  if (!from.language_override().empty()) {
    out.add_languages(from.language_override());
  } else {
    *out.mutable_languages() = from.languages_size() > 0 ? from.languages() : from.language();
  }
  *out.mutable_transcript_languages() = from.transcript_languages();
  AddAll(from.staff(), out.mutable_staff(), ToInstructor);
  AddAll(from.instructor_ordering(), out.mutable_instructor_order(), ToInstructor);
  for (const edx::CorporateEndorsement& each : from.corporate_endorsements()) {
    AddEndorsements(each, out);
  }
  AddAll(from.individual_endorsements(), out.mutable_endorsements(), ToEndorsement);
  AddTexts(TextsOfJson(from.job_outlook_items(), {"name", "title", "value"}),
           out.mutable_job_outlook_items());
  AddPriceRanges(from.price_ranges(), out.mutable_price_ranges());
  AddPriceRanges(from.subscription_prices(), out.mutable_subscription_prices());
  if (from.has_subscription_eligible()) out.set_subscription_eligible(from.subscription_eligible());
  if (from.has_is_program_eligible_for_one_click_purchase()) {
    out.set_one_click_purchase_eligible(from.is_program_eligible_for_one_click_purchase());
  }
  *out.mutable_provider_seat_types() = from.applicable_seat_types();
  if (from.has_weeks_to_complete()) out.set_weeks_to_complete(from.weeks_to_complete());
  if (from.has_weeks_to_complete_min()) out.set_weeks_to_complete_min(from.weeks_to_complete_min());
  if (from.has_weeks_to_complete_max()) out.set_weeks_to_complete_max(from.weeks_to_complete_max());
  if (from.has_min_hours_effort_per_week()) {
    out.set_min_effort_hours_per_week(from.min_hours_effort_per_week());
  }
  if (from.has_max_hours_effort_per_week()) {
    out.set_max_effort_hours_per_week(from.max_hours_effort_per_week());
  }
  if (from.has_total_hours_of_effort()) out.set_total_effort_hours(from.total_hours_of_effort());
  SetText(from.program_duration_override(), out, &Out::mutable_duration);
  SetUnlessEmpty(ToLargestImage(from.banner_image()), out, &Out::mutable_banner_image);
  SetText(from.card_image_url(), out, &Out::mutable_card_image_url);
  SetUnlessEmpty(ToVideo(from.video()), out, &Out::mutable_video);
  SetText(from.marketing_url(), out, &Out::mutable_marketing_url);
  SetText(from.marketing_slug(), out, &Out::mutable_slug);
  SetText(from.enrollment_url(), out, &Out::mutable_enrollment_url);
  if (from.has_hidden()) out.set_hidden(from.hidden());
  if (from.has_has_ofac_restrictions()) out.set_sanctions_restricted(from.has_ofac_restrictions());
  SetText(from.ofac_comment(), out, &Out::mutable_sanctions_comment);
  if (from.has_is_2u_degree_program()) out.set_external_degree(from.is_2u_degree_program());
  SetContentCounts(from, out);
  SetContentPlacement(from, out);
  SetInstant(from.data_modified_timestamp(), out, &Out::mutable_data_update_time);
  return out;
}

// The same bytes as another message: the fields of ContentItem have the numbers and types of the
// kind's own.
template <typename Kind>
Kind As(const edx::ContentItem& item) {
  Kind kind;
  kind.ParseFromString(item.SerializeAsString());
  return kind;
}

enum class ItemKind { kCourse, kCourseRun, kProgram, kOther };

// What an item is. The services name it; the reference doesn't, and there the fields tell: only
// programs have no key, and only course runs have a course, a pace and a status beside a key.
ItemKind KindOf(const edx::ContentItem& item) {
  if (item.content_type() == "course") return ItemKind::kCourse;
  if (item.content_type() == "courserun") return ItemKind::kCourseRun;
  if (item.content_type() == "program") return ItemKind::kProgram;
  if (!item.content_type().empty()) return ItemKind::kOther;
  if (item.key().empty()) return item.uuid().empty() ? ItemKind::kOther : ItemKind::kProgram;
  const bool run = !item.course().empty() || !item.course_uuid().empty() ||
                   !item.pacing_type().empty() || !item.status().empty() ||
                   absl::StartsWith(item.key(), "course-v1:");
  return run ? ItemKind::kCourseRun : ItemKind::kCourse;
}

template <typename Record, typename Out>
void AttachIfFull(const Record& record, v1::View view, Out& out) {
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
}

}  // namespace

v1::Catalog ToCatalog(const edx::Catalog& record, absl::string_view connection, v1::View view) {
  using Out = v1::Catalog;
  Out out;
  out.set_name(MakeName<Resource::kCatalog>(connection, record.uuid()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(record.uuid());
  out.set_title(record.title());
  if (!record.enterprise_customer().empty()) {
    out.mutable_organization()->set_provider_id(record.enterprise_customer());
  }
  SetText(record.catalog_query_uuid(), out, &Out::mutable_query_id);
  SetText(record.query_title(), out, &Out::mutable_query_title);
  SetInstant(record.content_last_modified(), out, &Out::mutable_content_update_time);
  SetInstant(record.catalog_modified(), out, &Out::mutable_update_time);
  if (record.has_include_exec_ed_2u_courses()) {
    out.set_includes_executive_education(record.include_exec_ed_2u_courses());
  }
  AttachIfFull(record, view, out);
  return out;
}

v1::Course ToCourse(const edx::Course& record, const CatalogScope& scope, v1::View view) {
  v1::Course out = CourseFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::CourseRun ToCourseRun(const edx::CourseRun& record, const CatalogScope& scope, v1::View view) {
  v1::CourseRun out = RunFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::Program ToProgram(const edx::Program& record, const CatalogScope& scope, v1::View view) {
  v1::Program out = ProgramFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::CatalogItem ToCatalogItem(const edx::ContentItem& record, const CatalogScope& scope,
                              v1::View view) {
  v1::CatalogItem out;
  out.set_provider_content_type(record.content_type());
  switch (KindOf(record)) {
    case ItemKind::kCourse:
      *out.mutable_course() = CourseFrom(As<edx::Course>(record), scope);
      AttachIfFull(record, view, *out.mutable_course());
      break;
    case ItemKind::kCourseRun:
      *out.mutable_course_run() = RunFrom(As<edx::CourseRun>(record), scope);
      AttachIfFull(record, view, *out.mutable_course_run());
      break;
    case ItemKind::kProgram:
      *out.mutable_program() = ProgramFrom(As<edx::Program>(record), scope);
      AttachIfFull(record, view, *out.mutable_program());
      break;
    case ItemKind::kOther:
      AttachIfFull(record, view, out);
      break;
  }
  return out;
}

}  // namespace edugate::adapters
