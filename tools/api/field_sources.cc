// Prints which fields of the providers' records feed each field of the domain, as JSON. It is found
// by trying: every field of a record gets another value, the record is mapped as the adapters map
// it, and what changed in the domain record came from that field.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/class_enrollment/class_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_assignment_mapping.h"
#include "adapters/edx_enterprise/edx_catalog_mapping.h"
#include "adapters/edx_enterprise/edx_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_license_mapping.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/openapply/openapply_mapping.h"
#include "adapters/testing/mapping_coverage.h"

namespace edugate::adapters {
namespace {

namespace ce = provider::class_enrollment::v2;
namespace edx = provider::edx_enterprise::v1;
namespace m1 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;
namespace oa = provider::openapply::v3;
using google::protobuf::Message;

constexpr CatalogScope kScope{"acme", "c1"};

// Domain field -> what feeds it, as in `openapply: Reenrollment.student.custom_id`.
class Sources {
 public:
  template <typename Record, typename Map>
  void Add(const std::string& provider, Map map,
           const std::set<std::string>& tested_elsewhere = {}) {
    using Domain = decltype(map(std::declval<const Record&>()));
    testing::MappingCoverageOptions options;
    for (const std::string& message : tested_elsewhere) {
      options.tested_elsewhere.insert(Record::descriptor()->file()->package() + "." + message);
    }
    options.json_shapes = {R"({"name":"n%","slug":"s%","description":"d%","note":"n%"})",
                           R"([{"currency":"USD","min":%,"max":%,"total":%}])"};
    const auto mapped = testing::MappedFields(
        Record(), Domain(),
        [&map](const Message& record) {
          return map(static_cast<const Record&>(record)).SerializeAsString();
        },
        options);
    for (const auto& [path, fields] : mapped) {
      for (const std::string& field : fields) {
        sources_[field].insert(
            absl::StrCat(provider, ": ", Record::descriptor()->name(), ".", path));
      }
    }
  }

  void Print() const { std::cout << nlohmann::json(sources_).dump(1) << '\n'; }

 private:
  std::map<std::string, std::set<std::string>> sources_;
};

void Run() {
  Sources sources;
  sources.Add<ce::ClassEnrollment>("class_enrollment",
                                   [](auto& r) { return ToEnrollment(r, "tms", v1::VIEW_BASIC); });
  sources.Add<oa::Reenrollment>("openapply",
                                [](auto& r) { return ToEnrollment(r, "lincoln", v1::VIEW_BASIC); });

  const std::string edx_name = "edx_enterprise";
  sources.Add<edx::LearnerEnrollment>(
      edx_name, [](auto& r) { return ToEnrollment(r, "acme", v1::VIEW_BASIC); });
  sources.Add<edx::Catalog>(edx_name, [](auto& r) { return ToCatalog(r, "acme", v1::VIEW_BASIC); });
  sources.Add<edx::Course>(edx_name, [](auto& r) { return ToCourse(r, kScope, v1::VIEW_BASIC); },
                           {"CourseRun", "NestedProgram", "SizedImages"});
  sources.Add<edx::CourseRun>(edx_name,
                              [](auto& r) { return ToCourseRun(r, kScope, v1::VIEW_BASIC); });
  sources.Add<edx::Program>(edx_name, [](auto& r) { return ToProgram(r, kScope, v1::VIEW_BASIC); },
                            {"Course", "NestedProgram", "Person"});
  sources.Add<edx::SubscriptionPlan>(
      edx_name, [](auto& r) { return ToSubscriptionPlan(r, "acme", v1::VIEW_BASIC); });
  sources.Add<edx::Assignment>(edx_name,
                               [](auto& r) { return ToAssignment(r, "acme", v1::VIEW_BASIC); });
  sources.Add<edx::AssignLicensesReply>(
      edx_name, [](auto& r) { return ToAssignResponse(r, {{"acme", {"p1"}}, {}}); });
  sources.Add<edx::RevokeLicensesReply>(
      edx_name, [](auto& r) { return ToRevokeResponse(r, false, {{"acme", {"p1"}}, {}}); });

  const std::string m1_name = "measureone";
  sources.Add<m1::Transcript>(
      m1_name, [](auto& r) { return ToTranscript(r, "m1", v1::TRANSCRIPT_VIEW_BASIC); });
  sources.Add<m1::Digest>(m1_name, [](auto& r) { return ToDigest(r); });
  sources.Add<m1::EnrollmentSummary>(m1_name, [](auto& r) { return ToEnrollmentSummary(r); });
  sources.Add<m1::MeritScore>(m1_name, [](auto& r) { return ToScore(r, "t", v1::VIEW_BASIC); });
  sources.Add<m1::GradScore>(m1_name, [](auto& r) { return ToScore(r, "t", v1::VIEW_BASIC); });
  sources.Add<m1::School>(m1_name, [](auto& r) { return ToSchool(r, "m1", "US", v1::VIEW_BASIC); });
  sources.Add<m1::SourceDataReference>(
      m1_name, [](auto& r) { return ToUploadedFile(r, "application/pdf"); });
  sources.Add<m3::EnrollmentStatusReport>(
      m1_name, [](auto& r) { return ToVerification(r, "m1", v1::VIEW_BASIC); });
  sources.Print();
}

}  // namespace
}  // namespace edugate::adapters

int main() { edugate::adapters::Run(); }
