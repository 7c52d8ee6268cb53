// What a connection says that it can do, it does; what it doesn't say, it refuses. Every cell of
// docs/capabilities.md, against the sandbox.

#include "services/capabilities.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "app/config_check.h"
#include "app/rpc_client.h"
#include "app/server.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/connection_service.pb.h"
#include "edugate/v1/transcript.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "sandbox/sandbox.h"

namespace edugate::end_to_end {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

// Requests that are right for any provider: `{c}` is the connection, further words in braces are
// below. The messages of a client stream stand in lines.
const std::map<std::string, std::string>& Requests() {
  static const auto* requests = new std::map<std::string, std::string>{
      {"EnrollmentService.GetEnrollment", R"({"name":"{c}/enrollments/{enrollment}"})"},
      {"EnrollmentService.BatchGetEnrollments",
       R"({"parent":"{c}","names":["{c}/enrollments/{enrollment}"]})"},
      {"EnrollmentService.ListEnrollments", R"({"parent":"{c}"})"},
      {"EnrollmentService.StreamEnrollments", R"({"parent":"{c}"})"},
      {"EnrollmentService.UpdateEnrollment",
       R"({"enrollment":{"name":"{c}/enrollments/{enrollment}","providerStatus":"Confirmed"},)"
       R"("updateMask":"providerStatus"})"},
      {"EnrollmentService.BulkEnroll", R"({"parent":"{c}","learnerEmails":["a@example.org"],)"
                                       R"("courseRunKeys":["course-v1:SandX+C001+1T2027"]})"},
      {"EnrollmentService.VerifyEnrollment",
       R"({"parent":"{c}","dataRequest":"dr_TSEne2SSjP3GvpVrs5HLol4xor2"})"},
      {"TranscriptService.CreateTranscript",
       R"({"parent":"{c}","transcript":{"externalId":"e-1","sources":[{"digest":{"awardType":)"
       R"("AWARD_TYPE_BACHELOR","yearsInSchool":{"value":"2"},"minGrade":"B",)"
       R"("cumulativeGpa":{"value":"3.5"},"lastTermGpa":{"value":"3.5"},)"
       R"("creditsEarned":{"value":"60"}}}]}})"},
      {"TranscriptService.GetTranscript", R"({"name":"{c}/transcripts/{transcript}"})"},
      {"TranscriptService.ScoreTranscript",
       R"({"name":"{c}/transcripts/{transcript}","kind":"TRANSCRIPT_SCORE_KIND_MERIT"})"},
      {"TranscriptService.StartTranscriptAccess",
       R"({"parent":"{c}","school":"{c}/schools/sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz",)"
       R"("username":"u","password":"p","externalId":"e-2"})"},
      {"TranscriptService.SubmitTranscriptAccessMfa", R"({"name":"{session}","mfaToken":"51622"})"},
      {"TranscriptService.UploadTranscriptFiles",
       R"({"header":{"parent":"{c}","fileName":"t.pdf","mediaType":"application/pdf"}})"
       "\n"
       R"({"chunk":"JVBERi0="})"},
      {"TranscriptService.DownloadTranscriptFiles", R"({"name":"{c}/transcripts/trc_Large-1"})"},
      {"TranscriptService.WatchTranscriptEvents", R"({"parent":"{c}"})"},
      {"TranscriptService.ListSchools", R"({"parent":"{c}","countryCode":"US"})"},
      {"CatalogService.ListCatalogs", R"({"parent":"{c}"})"},
      {"CatalogService.ListCatalogItems", R"({"parent":"{c}/catalogs/{catalog}"})"},
      {"CatalogService.StreamCatalogItems", R"({"parent":"{c}/catalogs/{catalog}"})"},
      {"CatalogService.GetCourse", R"({"name":"{c}/catalogs/{catalog}/courses/edx+tr1012"})"},
      {"CatalogService.GetCourseRun",
       R"({"name":"{c}/catalogs/{catalog}/courseRuns/course-v1:HarvardX+FIH+3T2023"})"},
      {"CatalogService.GetProgram",
       R"({"name":"{c}/catalogs/{catalog}/programs/fcfe93c3-9123-4a58-a190-8614c96b8eab"})"},
      {"LicenseService.ListSubscriptionPlans", R"({"parent":"{c}"})"},
      {"LicenseService.AssignLicenses",
       R"({"name":"{c}/subscriptionPlans/{plan}","learnerEmails":["a@example.org"]})"},
      {"LicenseService.RevokeLicenses",
       R"({"name":"{c}/subscriptionPlans/{plan}","learnerEmails":["a@example.org"]})"},
      {"AssignmentService.AllocateAssignments",
       R"({"parent":"{c}/policies/904b1785-9d3a-1000-848d-6ae7a56e6355",)"
       R"("learnerEmails":["{c}@example.org"],"contentKey":"SandX+C001",)"
       R"("contentPriceCents":"19900"})"},
      {"AssignmentService.RemindAssignments",
       R"({"parent":"{configuration}","assignments":["{assignment}"]})"},
      {"AssignmentService.CancelAssignments",
       R"({"parent":"{configuration}","assignments":["{assignment}"]})"},
  };
  return *requests;
}

// A value that the filter takes.
std::string FilterValue(const v1::Connection& connection, const v1::FilterCapability& filter) {
  if (filter.field() == "status") {
    return connection.provider() == "openapply" ? "\"DECLINED\"" : "\"ENROLLED\"";
  }
  if (filter.field() == "course.provider_id") return "\"1\"";
  if (filter.value_type() == "int") return "2027";
  if (filter.value_type() == "date") return "\"2027-01-31\"";
  if (filter.value_type() == "time") return "\"2027-01-31T08:00:00Z\"";
  if (filter.value_type() == "bool") return "true";
  return "\"word\"";
}

// A call's end, as far as these tests look at it.
struct Answer {
  int code = 0;
  std::string reason;
  std::string message;
  std::vector<std::string> replies;  // as JSON
};

class CapabilitiesTest : public ::testing::Test {
 protected:
  CapabilitiesTest() {
    sandbox_ = *sandbox::Sandbox::Start({});
    v1::Config config = *app::LoadConfigText(sandbox::ConfigYaml(*sandbox_), "the sandbox's");
    config.mutable_server()->set_listen("127.0.0.1:0");
    config.mutable_server()->set_admin_listen("127.0.0.1:0");
    config.mutable_server()->set_insecure(true);
    server_ = *app::Server::Start(config);
  }
  ~CapabilitiesTest() override { sandbox_->Stop(); }

  static const MethodDescriptor& MethodOf(const std::string& method) {
    return *DescriptorPool::generated_pool()->FindMethodByName("edugate.v1." + method);
  }

  Answer Call(const std::string& method, const std::string& request, absl::Duration timeout) {
    const MethodDescriptor& descriptor = MethodOf(method);
    auto* factory = MessageFactory::generated_factory();
    std::vector<std::string> requests;
    for (absl::string_view line : absl::StrSplit(request, '\n')) {
      const std::unique_ptr<Message> message(factory->GetPrototype(descriptor.input_type())->New());
      const auto parsed =
          google::protobuf::util::JsonStringToMessage(std::string(line), message.get());
      EXPECT_TRUE(parsed.ok()) << method << " " << line << " " << parsed.ToString();
      requests.push_back(message->SerializeAsString());
    }
    Answer answer;
    const auto client =
        *app::RpcClient::Connect({.address = server_->address(), .timeout = timeout});
    const google::rpc::Status status =
        client->Call(absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name()),
                     requests, [&](const std::string& bytes) {
                       const std::unique_ptr<Message> reply(
                           factory->GetPrototype(descriptor.output_type())->New());
                       ASSERT_TRUE(reply->ParseFromString(bytes));
                       std::string json;
                       ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*reply, &json).ok());
                       answer.replies.push_back(std::move(json));
                     });
    answer.code = status.code();
    answer.message = status.message();
    for (const auto& detail : status.details()) {
      google::rpc::ErrorInfo info;
      if (detail.UnpackTo(&info)) answer.reason = info.reason();
    }
    return answer;
  }

  std::vector<v1::Connection> Connections() {
    std::vector<v1::Connection> connections;
    const Answer answer = Call("ConnectionService.ListConnections", "{}", absl::Seconds(30));
    v1::ListConnectionsResponse response;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(answer.replies.at(0), &response).ok());
    return {response.connections().begin(), response.connections().end()};
  }

  // The request of a method for a connection.
  std::string RequestFor(const std::string& method, const v1::Connection& connection) {
    const auto found = Requests().find(method);
    if (found == Requests().end()) {
      ADD_FAILURE() << method << " has no request here";
      return "{}";
    }
    const std::string id = connection.name().substr(connection.name().find('/') + 1);
    return absl::StrReplaceAll(
        absl::StrReplaceAll(found->second, {{"{session}", Reply("session", connection)},
                                            {"{assignment}", Reply("assignment", connection)},
                                            {"{configuration}", ConfigurationOf(connection)},
                                            {"{c}@", absl::StrCat(id, "@")}}),
        {{"{c}", connection.name()},
         {"{enrollment}", connection.provider() == "openapply" ? "59" : "10"},
         {"{transcript}", "trc_DigestSSjP3GvpVrs5HLol4xor2"},
         {"{catalog}", "3f56a21c-76c8-47c0-add8-a99714d40d94"},
         {"{plan}", "104b1785-1d3a-1000-148d-1ae7a56e6355"}});
  }

  // Keeps the names that later requests need.
  void Keep(const std::string& method, const v1::Connection& connection, const Answer& answer) {
    if (answer.replies.empty()) return;
    if (method == "TranscriptService.StartTranscriptAccess") {
      v1::TranscriptAccessSession session;
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer.replies[0], &session).ok());
      kept_[connection.name() + "session"] = session.name();
    }
    if (method == "AssignmentService.AllocateAssignments") {
      v1::AllocateAssignmentsResponse allocated;
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer.replies[0], &allocated).ok());
      ASSERT_EQ(allocated.created_size(), 1);
      kept_[connection.name() + "assignment"] = allocated.created(0).name();
    }
  }

  std::string Reply(const std::string& what, const v1::Connection& connection) const {
    const auto found = kept_.find(connection.name() + what);
    if (found != kept_.end()) return found->second;
    return what == "session" ? "{c}/transcriptAccessSessions/none"
                             : "{c}/assignmentConfigurations/none/assignments/none";
  }

  std::string ConfigurationOf(const v1::Connection& connection) const {
    const std::string assignment = Reply("assignment", connection);
    return assignment.substr(0, assignment.find("/assignments/"));
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<app::Server> server_;
  std::map<std::string, std::string> kept_;
};

TEST_F(CapabilitiesTest, EveryMethodThatAConnectionNamesWorksAndEveryOtherIsRefused) {
  std::set<std::string> providers;
  for (const v1::Connection& connection : Connections()) {
    providers.insert(connection.provider());
    std::set<std::string> supported;
    for (const auto& each : connection.capabilities()) supported.insert(each.method());
    for (const std::string& method : services::ProviderMethods()) {
      SCOPED_TRACE(absl::StrCat(connection.name(), " ", method));
      const std::string request = RequestFor(method, connection);
      if (supported.count(method) == 0) {
        const Answer answer = Call(method, request, absl::Seconds(30));
        EXPECT_EQ(answer.code, 12) << answer.message;  // UNIMPLEMENTED
        EXPECT_EQ(answer.reason, "OPERATION_NOT_SUPPORTED");
        continue;
      }
      // It goes on until its caller ends it.
      const bool endless = method == "TranscriptService.WatchTranscriptEvents";
      const Answer answer = Call(method, request, endless ? absl::Seconds(1) : absl::Seconds(30));
      EXPECT_EQ(answer.code, endless ? 4 : 0) << answer.reason << " " << answer.message;
      if (!endless && method != "EnrollmentService.StreamEnrollments") {
        EXPECT_FALSE(answer.replies.empty());
      }
      Keep(method, connection, answer);
    }
  }
  EXPECT_EQ(providers, (std::set<std::string>{"class_enrollment", "edx_enterprise", "measureone",
                                              "openapply"}));
}

TEST_F(CapabilitiesTest, EveryFilterThatAConnectionNamesIsTakenAndNoOther) {
  int filters = 0;
  for (const v1::Connection& connection : Connections()) {
    for (const v1::MethodCapability& capability : connection.capabilities()) {
      const auto* field = MethodOf(capability.method()).input_type()->FindFieldByName("filter");
      if (field == nullptr) continue;
      const auto with_filter = [&](const std::string& filter) {
        std::string request = RequestFor(capability.method(), connection);
        request.back() = ',';
        return Call(capability.method(),
                    absl::StrCat(request, "\"filter\":\"",
                                 absl::StrReplaceAll(filter, {{"\"", "\\\""}}), "\"}"),
                    absl::Seconds(30));
      };
      SCOPED_TRACE(absl::StrCat(connection.name(), " ", capability.method()));
      for (const v1::FilterCapability& filter : capability.filters()) {
        for (const std::string& op : filter.operators()) {
          const Answer answer = with_filter(
              absl::StrCat(filter.field(), " ", op, " ", FilterValue(connection, filter)));
          EXPECT_EQ(answer.code, 0) << filter.field() << op << " " << answer.message;
          ++filters;
        }
      }
      const Answer other = with_filter("shoe_size = 44");
      EXPECT_EQ(other.code, 3);
      EXPECT_EQ(other.reason, "FILTER_UNSUPPORTED");
    }
  }
  EXPECT_GE(filters, 10);
}

TEST_F(CapabilitiesTest, EveryViewThatAConnectionNamesIsTaken) {
  for (const v1::Connection& connection : Connections()) {
    for (const v1::MethodCapability& capability : connection.capabilities()) {
      if (capability.writes()) continue;
      const auto* field = MethodOf(capability.method()).input_type()->FindFieldByName("view");
      if (field == nullptr || MethodOf(capability.method()).server_streaming()) continue;
      const std::string prefix =
          absl::StrReplaceAll(field->enum_type()->value(0)->name(), {{"UNSPECIFIED", ""}});
      for (const std::string& view : capability.views()) {
        SCOPED_TRACE(absl::StrCat(connection.name(), " ", capability.method(), " ", view));
        std::string request = RequestFor(capability.method(), connection);
        request.back() = ',';
        const Answer answer =
            Call(capability.method(), absl::StrCat(request, "\"view\":\"", prefix, view, "\"}"),
                 absl::Seconds(30));
        EXPECT_EQ(answer.code, 0) << answer.message;
      }
    }
  }
}

}  // namespace
}  // namespace edugate::end_to_end
