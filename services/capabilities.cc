#include "services/capabilities.h"

#include "absl/strings/string_view.h"

namespace edugate::services {
namespace {

struct Entry {
  absl::string_view method;
  bool offered;
  bool writes;
  const adapters::ListTraits* list;              // null: no list
  const std::vector<std::string>* update_paths;  // null: no update
};

// Every method of the API that goes to a provider, and the port behind it.
std::vector<Entry> EntriesOf(const adapters::Ports& ports) {
  return {
      {"EnrollmentService.GetEnrollment", bool{ports.get_enrollment}, false, nullptr, nullptr},
      {"EnrollmentService.BatchGetEnrollments", bool{ports.get_enrollment}, false, nullptr,
       nullptr},
      {"EnrollmentService.ListEnrollments", bool{ports.list_enrollments}, false,
       &ports.list_enrollments_traits, nullptr},
      {"EnrollmentService.StreamEnrollments", bool{ports.list_enrollments}, false,
       &ports.list_enrollments_traits, nullptr},
      {"EnrollmentService.UpdateEnrollment", bool{ports.update_enrollment}, true, nullptr,
       &ports.update_enrollment_paths},
      {"EnrollmentService.BulkEnroll", bool{ports.bulk_enroll}, true, nullptr, nullptr},
      {"EnrollmentService.VerifyEnrollment", bool{ports.verify_enrollment}, false, nullptr,
       nullptr},
      {"TranscriptService.CreateTranscript", bool{ports.create_transcript}, true, nullptr, nullptr},
      {"TranscriptService.GetTranscript", bool{ports.get_transcript}, false, nullptr, nullptr},
      {"TranscriptService.ScoreTranscript", bool{ports.score_transcript}, false, nullptr, nullptr},
      {"TranscriptService.StartTranscriptAccess", bool{ports.start_transcript_access}, true,
       nullptr, nullptr},
      {"TranscriptService.SubmitTranscriptAccessMfa", bool{ports.submit_transcript_access_mfa},
       true, nullptr, nullptr},
      {"TranscriptService.UploadTranscriptFiles", bool{ports.upload_transcript_files}, true,
       nullptr, nullptr},
      {"TranscriptService.DownloadTranscriptFiles", bool{ports.download_transcript_files}, false,
       nullptr, nullptr},
      {"TranscriptService.WatchTranscriptEvents", bool{ports.read_webhook}, false, nullptr,
       nullptr},
      {"TranscriptService.ListSchools", bool{ports.list_schools}, false, &ports.list_schools_traits,
       nullptr},
      {"CatalogService.ListCatalogs", bool{ports.list_catalogs}, false, &ports.list_catalogs_traits,
       nullptr},
      {"CatalogService.ListCatalogItems", bool{ports.list_catalog_items}, false,
       &ports.list_catalog_items_traits, nullptr},
      {"CatalogService.StreamCatalogItems", bool{ports.list_catalog_items}, false,
       &ports.list_catalog_items_traits, nullptr},
      {"CatalogService.GetCourse", bool{ports.get_course}, false, nullptr, nullptr},
      {"CatalogService.GetCourseRun", bool{ports.get_course_run}, false, nullptr, nullptr},
      {"CatalogService.GetProgram", bool{ports.get_program}, false, nullptr, nullptr},
      {"LicenseService.ListSubscriptionPlans", bool{ports.list_subscription_plans}, false,
       &ports.list_subscription_plans_traits, nullptr},
      {"LicenseService.AssignLicenses", bool{ports.assign_licenses}, true, nullptr, nullptr},
      {"LicenseService.RevokeLicenses", bool{ports.revoke_licenses}, true, nullptr, nullptr},
      {"AssignmentService.AllocateAssignments", bool{ports.allocate_assignments}, true, nullptr,
       nullptr},
      {"AssignmentService.RemindAssignments", bool{ports.remind_assignments}, true, nullptr,
       nullptr},
      {"AssignmentService.CancelAssignments", bool{ports.cancel_assignments}, true, nullptr,
       nullptr},
  };
}

v1::MethodCapability ToCapability(const Entry& entry) {
  v1::MethodCapability out;
  out.set_method(std::string(entry.method));
  out.set_writes(entry.writes);
  out.add_views("BASIC");
  out.add_views("FULL");
  if (entry.update_paths != nullptr) {
    out.mutable_update_paths()->Assign(entry.update_paths->begin(), entry.update_paths->end());
  }
  if (entry.list == nullptr) return out;
  out.set_max_page_size(entry.list->max_provider_page_size);
  for (const adapters::FilterField& field : entry.list->filters) {
    v1::FilterCapability& filter = *out.add_filters();
    filter.set_field(field.name);
    filter.mutable_operators()->Assign(field.ops.begin(), field.ops.end());
    filter.set_value_type(std::string(adapters::FilterTypeText(field.type)));
  }
  if (entry.list->by_learner) out.set_notes("learner narrows the list");
  return out;
}

}  // namespace

std::vector<std::string> SupportedMethods(const adapters::Ports& ports) {
  std::vector<std::string> methods;
  for (const Entry& entry : EntriesOf(ports)) {
    if (entry.offered) methods.emplace_back(entry.method);
  }
  return methods;
}

std::vector<v1::MethodCapability> CapabilitiesOf(const adapters::Ports& ports) {
  std::vector<v1::MethodCapability> capabilities;
  for (const Entry& entry : EntriesOf(ports)) {
    if (entry.offered) capabilities.push_back(ToCapability(entry));
  }
  return capabilities;
}

}  // namespace edugate::services
