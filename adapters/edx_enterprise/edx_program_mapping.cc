#include "adapters/edx_enterprise/edx_program_mapping.h"

#include <array>
#include <string>
#include <utility>

#include "adapters/edx_enterprise/edx_content_parts.h"
#include "adapters/edx_enterprise/edx_course_mapping.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "nlohmann/json.hpp"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using nlohmann::json;

constexpr std::array kProgramStatuses = {
    WordRow<v1::ProgramStatus>{"unpublished", v1::PROGRAM_STATUS_UNPUBLISHED},
    WordRow<v1::ProgramStatus>{"active", v1::PROGRAM_STATUS_ACTIVE},
    WordRow<v1::ProgramStatus>{"published", v1::PROGRAM_STATUS_ACTIVE},
    WordRow<v1::ProgramStatus>{"retired", v1::PROGRAM_STATUS_RETIRED},
    WordRow<v1::ProgramStatus>{"deleted", v1::PROGRAM_STATUS_DELETED},
};

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

}  // namespace

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
  out.set_level(EdxCourseLevel(level));
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

}  // namespace edugate::adapters
