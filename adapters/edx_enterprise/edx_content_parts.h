// The parts that edX's courses, course runs and programs have in common, in the domain's terms.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_CONTENT_PARTS_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_CONTENT_PARTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "adapters/edx_enterprise/edx_catalog_scope.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/v1/catalog.pb.h"
#include "google/protobuf/repeated_field.h"

namespace edugate::adapters {

// How advanced a course, a course run or a program is, by edX's word.
v1::CourseLevel EdxCourseLevel(absl::string_view word);

v1::Image ToImage(const provider::edx_enterprise::v1::Image& from);
v1::Video ToVideo(const provider::edx_enterprise::v1::Video& from);
v1::CatalogOrganization ToOrganization(const provider::edx_enterprise::v1::Organization& from);
v1::Subject ToSubject(const provider::edx_enterprise::v1::Subject& from);
v1::Skill ToSkill(const provider::edx_enterprise::v1::Skill& from);
v1::Instructor ToInstructor(const provider::edx_enterprise::v1::Person& from);
v1::ProgramRef ToProgramRef(const provider::edx_enterprise::v1::NestedProgram& from,
                            const CatalogScope& scope);
v1::Geolocation ToGeolocation(const provider::edx_enterprise::v1::Geolocation& from);
v1::LocationRestriction ToLocationRestriction(
    const provider::edx_enterprise::v1::LocationRestriction& from);
v1::ExternalOffering ToExternalOffering(
    const provider::edx_enterprise::v1::AdditionalMetadata& from);

void AddTexts(const std::vector<std::string>& texts,
              google::protobuf::RepeatedPtrField<std::string>* out);

// The text that stands where the schema has a record; empty where there is none.
template <typename Record>
std::string TextInPlaceOf(absl::string_view field, const Record& from) {
  const rest::v1::UnknownField* const found = IllFitting(from, field);
  return found == nullptr ? "" : TextOfJson(found->json(), {});
}

// The skills of a course or program: the records where there are any, the bare names elsewhere.
template <typename Record, typename Out>
void AddSkills(const Record& from, Out& out) {
  AddAll(from.skills(), out.mutable_skills(), ToSkill);
  if (from.skills_size() > 0) return;
  for (const std::string& name : from.skill_names()) out.add_skills()->set_display_name(name);
}

// Of a course or program: a record, or in older content a bare name.
template <typename Record>
v1::ProductSource ToProductSource(const Record& record) {
  v1::ProductSource out;
  const auto& from = record.product_source();
  out.set_display_name(record.has_product_source() ? from.name()
                                                   : TextInPlaceOf("product_source", record));
  out.set_slug(from.slug());
  SetText(from.description(), out, &v1::ProductSource::mutable_description);
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

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_CONTENT_PARTS_H_
