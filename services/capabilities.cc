#include "services/capabilities.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "google/protobuf/descriptor.h"

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

// The declaration of Service.Method. Naming the files keeps their generated code in the program.
const google::protobuf::MethodDescriptor* DeclarationOf(absl::string_view method) {
  for (const google::protobuf::FileDescriptor* file :
       {v1::AllocateAssignmentsRequest::descriptor()->file(),
        v1::GetCourseRequest::descriptor()->file(), v1::GetEnrollmentRequest::descriptor()->file(),
        v1::AssignLicensesRequest::descriptor()->file(),
        v1::GetTranscriptRequest::descriptor()->file()}) {
    const auto* found = file->pool()->FindMethodByName(absl::StrCat(file->package(), ".", method));
    if (found != nullptr) return found;
  }
  return nullptr;
}

// The views that the method takes: the words of its request's `view`, without prefix. A write
// answers with the record or with all of it: DIGEST and the like are readings of their own.
std::vector<std::string> ViewsOf(absl::string_view method, bool writes) {
  const auto* field = DeclarationOf(method)->input_type()->FindFieldByName("view");
  std::vector<std::string> views;
  if (field == nullptr) return views;
  for (int i = 0; i < field->enum_type()->value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *field->enum_type()->value(i);
    const std::string& name = value.name();
    constexpr char kMark[] = "VIEW_";
    if (value.number() == 0 || (writes && value.number() > v1::VIEW_FULL)) continue;
    views.push_back(name.substr(name.find(kMark) + sizeof(kMark) - 1));
  }
  return views;
}

v1::MethodCapability ToCapability(const Entry& entry) {
  v1::MethodCapability out;
  out.set_method(std::string(entry.method));
  out.set_writes(entry.writes);
  for (std::string& view : ViewsOf(entry.method, entry.writes)) out.add_views(std::move(view));
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
  if (entry.list->by_learner) out.add_learner_keys("provider_id");
  if (entry.list->by_learner_email) out.add_learner_keys("email");
  if (entry.list->by_learner_external_id) out.add_learner_keys("external_id");
  out.set_notes(entry.list->notes);
  return out;
}

}  // namespace

std::vector<std::string> ProviderMethods() {
  const adapters::Ports none;
  std::vector<std::string> methods;
  for (const Entry& entry : EntriesOf(none)) methods.emplace_back(entry.method);
  return methods;
}

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
  std::sort(capabilities.begin(), capabilities.end(),
            [](const v1::MethodCapability& left, const v1::MethodCapability& right) {
              return left.method() < right.method();
            });
  return capabilities;
}

}  // namespace edugate::services
