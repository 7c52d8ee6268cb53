#include "adapters/edx_enterprise/edx_content_parts.h"

#include <array>
#include <utility>

#include "adapters/resource_name.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

constexpr std::array kLevels = {
    WordRow<v1::CourseLevel>{"high_school", v1::COURSE_LEVEL_HIGH_SCHOOL},
    WordRow<v1::CourseLevel>{"Introductory", v1::COURSE_LEVEL_INTRODUCTORY},
    WordRow<v1::CourseLevel>{"Intermediate", v1::COURSE_LEVEL_INTERMEDIATE},
    WordRow<v1::CourseLevel>{"Advanced", v1::COURSE_LEVEL_ADVANCED},
};

v1::WebLink ToLink(const edx::PersonUrl& from) {
  v1::WebLink out;
  out.set_type(from.type());
  out.set_title(from.display_title().empty() ? from.title() : from.display_title());
  out.set_url(from.url());
  return out;
}

v1::TitledText ToTitledText(const edx::TitledText& from) {
  v1::TitledText out;
  out.set_heading(from.heading());
  out.set_text(from.blurb());
  return out;
}

}  // namespace

v1::CourseLevel EdxCourseLevel(absl::string_view word) {
  return ValueOf(kLevels, word, v1::COURSE_LEVEL_OTHER);
}

v1::Image ToImage(const edx::Image& from) {
  v1::Image out;
  out.set_url(from.src());
  SetText(from.description(), out, &v1::Image::mutable_description);
  if (from.has_width()) out.set_width(from.width());
  if (from.has_height()) out.set_height(from.height());
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

void AddTexts(const std::vector<std::string>& texts,
              google::protobuf::RepeatedPtrField<std::string>* out) {
  for (const std::string& text : texts) *out->Add() = text;
}

}  // namespace edugate::adapters
