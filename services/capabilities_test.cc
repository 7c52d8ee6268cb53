#include "services/capabilities.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

// A port that only has to be there.
template <typename Argument, typename Result>
void Offer(adapters::Port<Argument, Result>& port) {
  port = [](async::CallContext&, const Argument&) -> async::Task<absl::StatusOr<Result>> {
    co_return absl::UnimplementedError("");
  };
}

template <typename Argument, typename Record>
void Offer(adapters::FillingPort<Argument, Record>& port) {
  port = [](async::CallContext&, const Argument&, Record&) -> async::Task<absl::Status> {
    co_return absl::UnimplementedError("");
  };
}
template <typename Query, typename Record>
void Offer(adapters::PagePort<Query, Record>& port) {
  port = [](async::CallContext&, const Query&, google::protobuf::RepeatedPtrField<Record>&)
      -> async::Task<absl::StatusOr<std::string>> { co_return absl::UnimplementedError(""); };
}

struct Row {
  const char* port;
  std::function<void(adapters::Ports&)> offer;
  std::vector<std::string> methods;
};

// Every port and the methods that it makes.
std::vector<Row> Rows() {
#define ROW(member, ...) {#member, [](adapters::Ports& ports) { Offer(ports.member); }, __VA_ARGS__}
  return {
      ROW(get_enrollment,
          {"EnrollmentService.GetEnrollment", "EnrollmentService.BatchGetEnrollments"}),
      ROW(list_enrollments,
          {"EnrollmentService.ListEnrollments", "EnrollmentService.StreamEnrollments"}),
      ROW(update_enrollment, {"EnrollmentService.UpdateEnrollment"}),
      ROW(bulk_enroll, {"EnrollmentService.BulkEnroll"}),
      ROW(verify_enrollment, {"EnrollmentService.VerifyEnrollment"}),
      ROW(list_catalogs, {"CatalogService.ListCatalogs"}),
      ROW(list_catalog_items,
          {"CatalogService.ListCatalogItems", "CatalogService.StreamCatalogItems"}),
      ROW(get_course, {"CatalogService.GetCourse"}),
      ROW(get_course_run, {"CatalogService.GetCourseRun"}),
      ROW(get_program, {"CatalogService.GetProgram"}),
      ROW(list_subscription_plans, {"LicenseService.ListSubscriptionPlans"}),
      ROW(assign_licenses, {"LicenseService.AssignLicenses"}),
      ROW(revoke_licenses, {"LicenseService.RevokeLicenses"}),
      ROW(allocate_assignments, {"AssignmentService.AllocateAssignments"}),
      ROW(remind_assignments, {"AssignmentService.RemindAssignments"}),
      ROW(cancel_assignments, {"AssignmentService.CancelAssignments"}),
      ROW(create_transcript, {"TranscriptService.CreateTranscript"}),
      ROW(get_transcript, {"TranscriptService.GetTranscript"}),
      ROW(score_transcript, {"TranscriptService.ScoreTranscript"}),
      ROW(start_transcript_access, {"TranscriptService.StartTranscriptAccess"}),
      ROW(submit_transcript_access_mfa, {"TranscriptService.SubmitTranscriptAccessMfa"}),
      ROW(list_schools, {"TranscriptService.ListSchools"}),
  };
#undef ROW
}

// All but ConnectionService, which is answered without a provider.
std::vector<const google::protobuf::ServiceDescriptor*> ServicesWithProviders() {
  return {
      v1::GetEnrollmentRequest::descriptor()->file()->FindServiceByName("EnrollmentService"),
      v1::GetTranscriptRequest::descriptor()->file()->FindServiceByName("TranscriptService"),
      v1::GetCourseRequest::descriptor()->file()->FindServiceByName("CatalogService"),
      v1::AssignLicensesRequest::descriptor()->file()->FindServiceByName("LicenseService"),
      v1::CancelAssignmentsRequest::descriptor()->file()->FindServiceByName("AssignmentService")};
}

TEST(CapabilitiesTest, NoPortsAreNoMethods) {
  EXPECT_THAT(SupportedMethods({}), IsEmpty());
  EXPECT_THAT(CapabilitiesOf({}), IsEmpty());
}

TEST(CapabilitiesTest, EachPortMakesItsMethodsAndNoOthers) {
  for (const Row& row : Rows()) {
    adapters::Ports ports;
    row.offer(ports);
    EXPECT_EQ(SupportedMethods(ports), row.methods) << row.port;
    std::vector<std::string> methods;
    for (const auto& capability : CapabilitiesOf(ports)) methods.push_back(capability.method());
    EXPECT_THAT(methods, UnorderedElementsAreArray(row.methods)) << row.port;
  }
}

TEST(CapabilitiesTest, AreOrderedByMethod) {
  adapters::Ports ports;
  for (const Row& row : Rows()) row.offer(ports);
  std::vector<std::string> methods;
  for (const auto& capability : CapabilitiesOf(ports)) methods.push_back(capability.method());
  EXPECT_EQ(methods.front(), "AssignmentService.AllocateAssignments");
  EXPECT_TRUE(std::is_sorted(methods.begin(), methods.end()));
}

TEST(CapabilitiesTest, ViewsAreThoseOfTheRequest) {
  adapters::Ports ports;
  Offer(ports.get_transcript);
  Offer(ports.get_enrollment);
  Offer(ports.bulk_enroll);
  std::map<std::string, std::vector<std::string>> views;
  for (const auto& each : CapabilitiesOf(ports)) {
    views[each.method()] = {each.views().begin(), each.views().end()};
  }
  EXPECT_THAT(views["EnrollmentService.GetEnrollment"], ElementsAre("BASIC", "FULL"));
  EXPECT_THAT(views["TranscriptService.GetTranscript"],
              ElementsAre("BASIC", "FULL", "DIGEST", "ENROLLMENT_SUMMARY"));
  EXPECT_EQ(views["EnrollmentService.BulkEnroll"].empty(),
            v1::BulkEnrollRequest::descriptor()->FindFieldByName("view") == nullptr);
}

TEST(CapabilitiesTest, AWriteIsNotAnsweredInAViewThatIsAReadingOfItsOwn) {
  adapters::Ports ports;
  Offer(ports.create_transcript);
  const auto capabilities = CapabilitiesOf(ports);
  ASSERT_EQ(capabilities.size(), 1u);
  EXPECT_THAT(capabilities[0].views(), ElementsAre("BASIC", "FULL"));
}

TEST(CapabilitiesTest, MethodsAreOnesOfTheApi) {
  adapters::Ports ports;
  for (const Row& row : Rows()) row.offer(ports);
  std::set<std::string> known;
  for (const auto* service : ServicesWithProviders()) {
    for (int i = 0; i < service->method_count(); ++i) {
      known.insert(absl::StrCat(service->name(), ".", service->method(i)->name()));
    }
  }
  for (const std::string& method : SupportedMethods(ports)) {
    EXPECT_EQ(known.count(method), 1u) << method;
  }
}

TEST(CapabilitiesTest, AMethodWithAPlainRequestIsACapabilityOfSomeConnection) {
  adapters::Ports ports;
  for (const Row& row : Rows()) row.offer(ports);
  std::set<std::string> supported;
  for (const std::string& method : SupportedMethods(ports)) supported.insert(method);
  for (const auto* service : ServicesWithProviders()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      // Those that stream something other than a list have ports of another kind.
      const bool list_stream =
          method.server_streaming() && method.input_type()->FindFieldByName("page_size");
      if (method.client_streaming() || (method.server_streaming() && !list_stream)) continue;
      EXPECT_EQ(supported.count(absl::StrCat(service->name(), ".", method.name())), 1u)
          << method.full_name();
    }
  }
}

TEST(CapabilitiesTest, SaysWhatAListTakes) {
  adapters::Ports ports;
  Offer(ports.list_enrollments);
  ports.list_enrollments_traits = {
      .filters = {{"year", {"=", ">"}, adapters::FilterType::kInt, "the school year"}},
      .max_provider_page_size = 200,
      .by_learner = true,
      .by_learner_external_id = true,
      .notes = "slow on Mondays"};
  const auto capabilities = CapabilitiesOf(ports);
  ASSERT_EQ(capabilities.size(), 2u);
  for (const v1::MethodCapability& each : capabilities) {
    EXPECT_EQ(each.max_page_size(), 200);
    ASSERT_EQ(each.filters_size(), 1);
    EXPECT_EQ(each.filters(0).field(), "year");
    EXPECT_THAT(each.filters(0).operators(), ElementsAre("=", ">"));
    EXPECT_EQ(each.filters(0).value_type(), "int");
    EXPECT_FALSE(each.writes());
    EXPECT_THAT(each.learner_keys(), ElementsAre("provider_id", "external_id"));
    EXPECT_EQ(each.notes(), "slow on Mondays");
  }
}

TEST(CapabilitiesTest, SaysWhatAnUpdateChanges) {
  adapters::Ports ports;
  Offer(ports.update_enrollment);
  ports.update_enrollment_paths = {"status", "grade_level"};
  const auto capabilities = CapabilitiesOf(ports);
  ASSERT_EQ(capabilities.size(), 1u);
  EXPECT_TRUE(capabilities[0].writes());
  EXPECT_THAT(capabilities[0].update_paths(), ElementsAre("status", "grade_level"));
}

TEST(CapabilitiesTest, MethodsThatChangeNothingSaySo) {
  adapters::Ports ports;
  for (const Row& row : Rows()) row.offer(ports);
  std::vector<std::string> writes;
  for (const auto& capability : CapabilitiesOf(ports)) {
    if (capability.writes()) writes.push_back(capability.method());
  }
  EXPECT_THAT(writes,
              UnorderedElementsAreArray(
                  {"EnrollmentService.UpdateEnrollment", "EnrollmentService.BulkEnroll",
                   "LicenseService.AssignLicenses", "LicenseService.RevokeLicenses",
                   "AssignmentService.AllocateAssignments", "AssignmentService.RemindAssignments",
                   "AssignmentService.CancelAssignments", "TranscriptService.CreateTranscript",
                   "TranscriptService.StartTranscriptAccess",
                   "TranscriptService.SubmitTranscriptAccessMfa"}));
}

}  // namespace
}  // namespace edugate::services
