// The providers' own methods, called through edugate.

#include <grpcpp/generic/generic_stub.h>
#include <httplib.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "app/config_check.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

namespace oa = provider::openapply::v3;
namespace ce = provider::class_enrollment::v2;
namespace m1 = provider::measureone::v2;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

constexpr char kListReenrollments[] =
    "/edugate.provider.openapply.v3.OpenApplyV3/ListReenrollments";
constexpr char kListOfStudent[] =
    "/edugate.provider.openapply.v3.OpenApplyV3/ListStudentReenrollments";
constexpr char kUpdateReenrollment[] =
    "/edugate.provider.openapply.v3.OpenApplyV3/UpdateReenrollment";
constexpr char kSearch[] =
    "/edugate.provider.class_enrollment.v2.ClassEnrollmentV2/SearchClassEnrollments";
constexpr char kGetClassEnrollment[] =
    "/edugate.provider.class_enrollment.v2.ClassEnrollmentV2/GetClassEnrollment";

std::string MeasureOne() {
  return absl::StrCat("  - id: m1\n    provider: measureone\n    base_url: {url}/measureone\n",
                      "    auth: { bearer: { value: ", sandbox::kMeasureOneKey, " } }\n");
}

DeploymentOptions WithNativeCalls(bool enabled, const std::string& more_connections) {
  DeploymentOptions options;
  options.more_connections = more_connections;
  options.adjust = [enabled](v1::Config& config) {
    config.mutable_native_calls()->set_enabled(enabled);
    config.mutable_server()->set_admin_listen("127.0.0.1:0");
    config.mutable_connections(0)->mutable_limits()->set_max_attempts(1);
  };
  return options;
}

class NativeCallsTest : public ::testing::Test {
 protected:
  explicit NativeCallsTest(bool enabled = true, const std::string& more_connections = MeasureOne())
      : deployment_(WithNativeCalls(enabled, more_connections)) {}

  // Calls a provider's method; `connections` are the values of the metadata.
  template <typename Reply, typename Request>
  grpc::Status Call(const std::string& path, const std::vector<std::string>& connections,
                    const Request& request, Reply* reply, Failure* failure = nullptr,
                    absl::Duration timeout = absl::Seconds(30)) {
    const auto context = Context(timeout);
    for (const std::string& each : connections) context->AddMetadata("edugate-connection", each);
    grpc::TemplatedGenericStub<Request, Reply> stub(deployment_.channel());
    std::promise<grpc::Status> ended;
    stub.UnaryCall(context.get(), path, {}, &request, reply,
                   [&](grpc::Status status) { ended.set_value(std::move(status)); });
    grpc::Status status = ended.get_future().get();
    if (failure != nullptr) *failure = FailureOf(status, *context);
    return status;
  }

  Failure FailureOfList(const std::vector<std::string>& connections) {
    oa::ReenrollmentPage page;
    Failure failure;
    Call(kListReenrollments, connections, oa::ListReenrollmentsRequest(), &page, &failure);
    return failure;
  }

  v1::Connection GetConnection(const std::string& name) {
    v1::GetConnectionRequest request;
    request.set_name(name);
    v1::Connection connection;
    EXPECT_TRUE(
        deployment_.connections().GetConnection(Context().get(), request, &connection).ok());
    return connection;
  }

  Ended Program(const std::string& method, const std::string& request, const std::string& target) {
    return RunProgram({EDUGATE_PROGRAM, "call", method, request, "--metadata",
                       "edugate-connection:" + target, "--target", deployment_.server().address()});
  }

  Deployment deployment_;
};

class NativeCallsLaterTest : public NativeCallsTest {
 protected:
  NativeCallsLaterTest() : NativeCallsTest(true, "") {}
};

class NativeCallsOffTest : public NativeCallsTest {
 protected:
  NativeCallsOffTest() : NativeCallsTest(false) {}
};

TEST_F(NativeCallsTest, AProvidersMethodGivesTheProvidersMessage) {
  oa::ListReenrollmentsRequest request;
  request.set_per_page(3);
  request.set_page(2);
  oa::ReenrollmentPage page;
  const grpc::Status status = Call(kListReenrollments, {"oa"}, request, &page);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(page.reenrollments_size(), 3);
  EXPECT_EQ(page.meta().page(), 2);
  EXPECT_EQ(page.meta().per_page(), 3);
  EXPECT_GT(page.meta().pages(), 2);
}

TEST_F(NativeCallsTest, WhatTheDomainDoesNotCoverCanBeAskedNatively) {
  ce::SearchClassEnrollmentsRequest request;
  request.set_page_size(2);
  ce::ClassEnrollmentReply first;
  ASSERT_TRUE(Call(kSearch, {"tms"}, request, &first).ok());
  request.set_sort("Created DESC");
  ce::ClassEnrollmentReply last;
  ASSERT_TRUE(Call(kSearch, {"tms"}, request, &last).ok());
  ASSERT_EQ(first.results_size(), 2);
  ASSERT_EQ(last.results_size(), 2);
  EXPECT_NE(first.results(0).id(), last.results(0).id());
  EXPECT_GE(last.results(0).created(), last.results(1).created());
}

TEST_F(NativeCallsTest, AWriteReachesTheProviderOnce) {
  oa::UpdateReenrollmentRequest request;
  request.set_id("59");
  request.mutable_reenrollment()->set_status("Declined");
  oa::ReenrollmentEnvelope reply;
  const grpc::Status status = Call(kUpdateReenrollment, {"oa"}, request, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.reenrollment().id(), 59);
  EXPECT_EQ(deployment_.providers().CountRequests("openapply", "PUT"), 1);
}

TEST_F(NativeCallsTest, TheConnectionMustBeNamedOnceAndBeOneOfTheProvider) {
  for (const std::vector<std::string>& named :
       {std::vector<std::string>{}, {"oa", "oa"}, {"tms"}, {""}}) {
    const Failure failure = FailureOfList(named);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(failure.reason, "ARGUMENT_INVALID");
  }
  const Failure unknown = FailureOfList({"none"});
  EXPECT_EQ(unknown.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(unknown.reason, "CONNECTION_UNKNOWN");
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
}

TEST_F(NativeCallsTest, TheProvidersErrorsAreThoseOfEdugate) {
  deployment_.providers().AddFault(
      {.provider = "openapply", .status = 429, .headers = {{"Retry-After", "7"}}});
  const Failure limited = FailureOfList({"oa"});
  EXPECT_EQ(limited.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(limited.reason, "PROVIDER_RATE_LIMITED");
  EXPECT_EQ(limited.metadata.at("connection"), "oa");
  EXPECT_EQ(limited.metadata.at("operation"), "OpenApplyV3.ListReenrollments");
  EXPECT_TRUE(limited.retry.has_value());
  EXPECT_EQ(limited.pushback, "7000");

  oa::ListStudentReenrollmentsRequest nobody;
  nobody.set_student_id("424242");
  oa::ReenrollmentPage page;
  Failure absent;
  Call(kListOfStudent, {"oa"}, nobody, &page, &absent);
  EXPECT_EQ(absent.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(absent.reason, "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(absent.resource.has_value());

  ce::GetClassEnrollmentRequest other;
  other.set_id("31337");
  ce::ClassEnrollmentReply reply;
  Failure in_band;
  Call(kGetClassEnrollment, {"tms"}, other, &reply, &in_band);
  EXPECT_EQ(in_band.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(in_band.metadata.at("provider_status"), "20");
}

TEST_F(NativeCallsTest, TheDeadlineReachesTheProvider) {
  deployment_.providers().AddFault({.provider = "openapply", .delay = absl::Seconds(20)});
  oa::ReenrollmentPage page;
  const grpc::Status status = Call(kListReenrollments, {"oa"}, oa::ListReenrollmentsRequest(),
                                   &page, nullptr, absl::Milliseconds(200));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(NativeCallsTest, BytesThatAreNoRequestAreRefused) {
  oa::ReenrollmentPage page;
  Failure unreadable;
  // Half a message: its length says more than follows.
  const grpc::Slice half(
      std::string("\x1a\x7f"
                  "a"));
  const grpc::ByteBuffer request(&half, 1);
  Call(kListReenrollments, {"oa"}, request, &page, &unreadable);
  EXPECT_EQ(unreadable.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(unreadable.reason, "ARGUMENT_INVALID");
  EXPECT_EQ(deployment_.providers().CountRequests("openapply"), 0);
}

TEST_F(NativeCallsTest, AConnectionNamesTheServicesThatItAnswersFor) {
  EXPECT_THAT(GetConnection("connections/oa").native_services(),
              ElementsAre("edugate.provider.openapply.v3.OpenApplyV3"));
  EXPECT_THAT(GetConnection("connections/tms").native_services(),
              ElementsAre("edugate.provider.class_enrollment.v2.ClassEnrollmentV2"));
}

TEST_F(NativeCallsTest, DriftSeenByANativeCallIsListed) {
  oa::ListStudentReenrollmentsRequest request;
  request.set_student_id("304");
  oa::ReenrollmentPage page;
  ASSERT_TRUE(Call(kListOfStudent, {"oa"}, request, &page).ok());
  ASSERT_EQ(page.reenrollments_size(), 1);
  EXPECT_GT(page.reenrollments(0).unknown_fields_size(), 0);
  v1::ListDriftRequest list;
  list.set_parent("connections/oa");
  list.set_filter("kind = UNKNOWN_FIELD");
  v1::ListDriftResponse drift;
  ASSERT_TRUE(deployment_.connections().ListDrift(Context().get(), list, &drift).ok());
  ASSERT_GT(drift.drift_size(), 0);
  EXPECT_EQ(drift.drift(0).provider(), "openapply");
  EXPECT_EQ(drift.drift(0).connection(), "connections/oa");
  EXPECT_EQ(drift.drift(0).count(), 1);
}

TEST_F(NativeCallsTest, TheProgramCallsAProvidersMethodByItsShortName) {
  const Ended ended = Program("ClassEnrollmentV2.SearchClassEnrollments",
                              R"({"sort":"Created DESC","pageSize":2})", "tms");
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const Json reply = Json::parse(ended.out, nullptr, false);
  ASSERT_TRUE(reply.is_object()) << ended.out;
  EXPECT_EQ(reply["Results"].size(), 2u);

  const Ended list = Program("OpenApplyV3.ListReenrollments", R"({"per_page":2})", "oa");
  ASSERT_EQ(list.exit_code, 0) << list.out << list.err;
  EXPECT_THAT(list.out, HasSubstr("\"reenrollments\""));

  const Ended wrong = Program("OpenApplyV3.ListReenrollments", "{}", "tms");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.out, HasSubstr("ARGUMENT_INVALID"));
}

TEST_F(NativeCallsTest, MethodsThatCarryCredentialsAreNeverCalled) {
  m1::VerifyMfaRequest code;
  code.set_session_id("tls_1");
  code.set_mfa_token("51622");
  m1::TranscriptSession session;
  Failure failure;
  Call("/edugate.provider.measureone.v2.MeasureOneV2/VerifyMfa", {"m1"}, code, &session, &failure);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(failure.reason, "OPERATION_NOT_SUPPORTED");
  EXPECT_EQ(failure.metadata.at("operation"), "MeasureOneV2.VerifyMfa");
  EXPECT_EQ(deployment_.providers().CountRequests("measureone"), 0);

  m1::GetTranscriptRequest get;
  get.set_id("trc_TSEne2SSjP3GvpVrs5HLol4xor2");
  m1::Transcript transcript;
  const grpc::Status status =
      Call("/edugate.provider.measureone.v2.MeasureOneV2/GetTranscript", {"m1"}, get, &transcript);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(transcript.processing_status(), "COMPLETED");

  m1::GetTranscriptFilesRequest files;
  files.set_transcript_id("trc_Large-1");
  google::api::HttpBody zip;
  const grpc::Status got =
      Call("/edugate.provider.measureone.v2.MeasureOneV2/GetTranscriptFiles", {"m1"}, files, &zip);
  ASSERT_TRUE(got.ok()) << got.error_message();
  EXPECT_GT(zip.data().size(), 1u << 20);
  files.set_transcript_id("trc_Large-9");
  EXPECT_EQ(
      Call("/edugate.provider.measureone.v2.MeasureOneV2/GetTranscriptFiles", {"m1"}, files, &zip)
          .error_code(),
      grpc::StatusCode::INTERNAL);
}

TEST_F(NativeCallsTest, MetricsKnowTheMethodByItsName) {
  FailureOfList({"oa"});
  FailureOfList({});
  oa::ReenrollmentPage page;
  Call("/edugate.v1.EnrollmentService/CallersOwnWords", {}, oa::ListReenrollmentsRequest(), &page);
  httplib::Client client("http://" + deployment_.server().admin_address());
  const auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_THAT(metrics->body, HasSubstr("method=\"OpenApplyV3.ListReenrollments\""));
  EXPECT_THAT(metrics->body, HasSubstr("method=\"unknown\""));
  EXPECT_THAT(metrics->body, Not(HasSubstr("CallersOwnWords")));
}

TEST_F(NativeCallsTest, AMethodThatThereIsNotSaysSoWithDetails) {
  oa::ReenrollmentPage page;
  Failure failure;
  Call("/edugate.v1.EnrollmentService/EnrollEverybody", {}, oa::ListReenrollmentsRequest(), &page,
       &failure);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(failure.reason, "OPERATION_NOT_SUPPORTED");
}

TEST_F(NativeCallsLaterTest, AProviderThatComesWithAReloadIsCalledLikeTheOthers) {
  constexpr char kGetTranscript[] = "/edugate.provider.measureone.v2.MeasureOneV2/GetTranscript";
  m1::GetTranscriptRequest get;
  get.set_id("trc_TSEne2SSjP3GvpVrs5HLol4xor2");
  m1::Transcript transcript;
  Failure failure;
  Call(kGetTranscript, {"m1"}, get, &transcript, &failure);
  EXPECT_EQ(failure.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(failure.reason, "OPERATION_NOT_SUPPORTED");
  ASSERT_TRUE(deployment_.server()
                  .Reload(app::LoadConfigText(ConfigFor(deployment_.providers(), MeasureOne()),
                                              "native_calls_test"))
                  .ok());
  const grpc::Status status = Call(kGetTranscript, {"m1"}, get, &transcript);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(transcript.processing_status(), "COMPLETED");
}

TEST_F(NativeCallsOffTest, TheProvidersMethodsAreNotThere) {
  const Failure failure = FailureOfList({"oa"});
  EXPECT_EQ(failure.code, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(failure.reason, "OPERATION_NOT_SUPPORTED");
  EXPECT_THAT(failure.bytes, HasSubstr("native_calls.enabled"));
  EXPECT_EQ(deployment_.providers().CountRequests(""), 0);
  EXPECT_THAT(GetConnection("connections/oa").native_services(), IsEmpty());
  const Ended ended = Program("OpenApplyV3.ListReenrollments", "{}", "oa");
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, HasSubstr("NOT_FOUND"));
}

}  // namespace
}  // namespace edugate::end_to_end
