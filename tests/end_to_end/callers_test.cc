// Who may call what: tokens, certificates, grants.

#include <grpcpp/generic/generic_stub.h>
#include <httplib.h>

#include <algorithm>
#include <future>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "app/reflection_database.h"
#include "app/rpc_client.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/identity/test_key.h"
#include "tests/end_to_end/certificate.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOpenApply[] = "edugate.provider.openapply.v3.OpenApplyV3";

// Grants: `portal` lists at OpenApply; `clerk` lists and updates there; `auditor` may list
// everywhere for a purpose; `integrator` calls OpenApply's own methods there.
class CallersTest : public ::testing::Test {
 protected:
  static void Grant(v1::Config& config, const char* caller, const std::vector<std::string>& methods,
                    const std::vector<std::string>& connections, bool require_purpose = false) {
    v1::GrantConfig& grant = *config.mutable_callers()->add_grants();
    grant.add_callers(caller);
    for (const std::string& each : methods) grant.add_methods(each);
    for (const std::string& each : connections) grant.add_connections(each);
    grant.set_require_purpose(require_purpose);
  }

  void SetUp() override {
    const std::string keys = folder_.Write("jwks.json", identity::KeySet({key_.Jwk("a")}));
    DeploymentOptions options;
    options.more_connections = absl::StrCat(
        "  - id: m1\n    provider: measureone\n    base_url: {url}/measureone\n",
        "    auth: { bearer: { value: ", sandbox::kMeasureOneKey, " } }\n",
        "    webhook: { secrets: [ { value: ", sandbox::kMeasureOneWebhookSecret, " } ] }\n");
    options.adjust = [&](v1::Config& config) {
      config.mutable_server()->set_admin_listen("127.0.0.1:0");
      v1::JwtConfig& jwt = *config.mutable_callers()->mutable_jwt();
      jwt.set_jwks_file(keys);
      jwt.set_issuer("https://issuer.example");
      jwt.set_audience("edugate");
      config.mutable_native_calls()->set_enabled(true);
      Grant(config, "jwt:portal",
            {"EnrollmentService.ListEnrollments", "EnrollmentService.StreamEnrollments",
             "ConnectionService.*"},
            {"oa"});
      Grant(config, "jwt:clerk", {"EnrollmentService.*"}, {"oa"});
      Grant(config, "jwt:portal", {"TranscriptService.*"}, {"m1"});
      Grant(config, "jwt:clerk", {"TranscriptService.*"}, {"m1"});
      Grant(config, "jwt:auditor", {"*"}, {"*"}, /*require_purpose=*/true);
      Grant(config, "jwt:integrator", {absl::StrCat(kOpenApply, ".ListReenrollments")}, {"oa"});
    };
    deployment_.emplace(std::move(options));
  }

  std::string Token(absl::string_view caller) const {
    return key_.Token(identity::Algorithm::kEs256, R"({"alg":"ES256","kid":"a"})",
                      absl::StrCat(R"({"iss":"https://issuer.example","aud":"edugate",)",
                                   R"("exp":4102444800,"sub":")", caller, "\"}"));
  }

  // A context of the caller; of nobody for "".
  std::unique_ptr<grpc::ClientContext> As(absl::string_view caller) const {
    auto context = Context();
    if (!caller.empty()) context->AddMetadata("authorization", "Bearer " + Token(caller));
    return context;
  }

  Failure ListAs(grpc::ClientContext& context, const std::string& parent,
                 v1::ListEnrollmentsResponse* response = nullptr,
                 const std::string& page_token = "") {
    v1::ListEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_page_size(5);
    request.set_page_token(page_token);
    v1::ListEnrollmentsResponse unused;
    const grpc::Status status = deployment_->enrollments().ListEnrollments(
        &context, request, response == nullptr ? &unused : response);
    return FailureOf(status, context);
  }

  Failure ListAs(absl::string_view caller, const std::string& parent,
                 v1::ListEnrollmentsResponse* response = nullptr) {
    const auto context = As(caller);
    return ListAs(*context, parent, response);
  }

  int64_t AskedAtProviders() { return deployment_->providers().CountRequests(""); }

  grpc::Status UpdateAs(absl::string_view caller, const std::string& grade,
                        const std::string& request_id, Failure* failure = nullptr) {
    v1::UpdateEnrollmentRequest request;
    request.mutable_enrollment()->set_name("connections/oa/enrollments/59");
    request.mutable_enrollment()->set_grade_level(grade);
    request.mutable_update_mask()->add_paths("grade_level");
    request.set_request_id(request_id);
    v1::Enrollment record;
    const auto context = As(caller);
    const grpc::Status status =
        deployment_->enrollments().UpdateEnrollment(context.get(), request, &record);
    if (failure != nullptr) *failure = FailureOf(status, *context);
    return status;
  }

  std::unique_ptr<app::RpcClient> ClientAs(absl::string_view caller) {
    app::RpcTarget target{.address = deployment_->server().address(), .timeout = absl::Seconds(10)};
    if (!caller.empty()) {
      target.token_file = folder_.Write(absl::StrCat(caller, ".jwt"), Token(caller));
    }
    return *app::RpcClient::Connect(std::move(target));
  }

  const identity::TestKey key_{identity::KeyType::kP256};
  TemporaryFolder folder_;
  std::optional<Deployment> deployment_;
};

TEST_F(CallersTest, NobodyIsUnauthenticatedAndReachesNoProvider) {
  const Failure failure = ListAs("", "connections/oa");
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(failure.reason, "CALLER_UNAUTHENTICATED");
  EXPECT_EQ(AskedAtProviders(), 0);
}

TEST_F(CallersTest, ABadTokenIsUnauthenticatedAndNotShown) {
  const auto context = Context();
  const std::string token = Token("portal");
  // Within the signature, where every bit counts, and another one whatever stood there.
  std::string forged = token;
  char& changed = forged[forged.size() - 10];
  changed = changed == 'A' ? 'B' : 'A';
  context->AddMetadata("authorization", "Bearer " + forged);
  const Failure failure = ListAs(*context, "connections/oa");
  EXPECT_EQ(failure.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(failure.bytes, Not(HasSubstr(token.substr(0, 20))));
  EXPECT_THAT(failure.bytes, Not(HasSubstr("portal")));
}

TEST_F(CallersTest, HealthChecksNeedNoGrant) {
  const auto status =
      ClientAs("")->Call("/grpc.health.v1.Health/Check", {""}, [](const std::string&) {});
  EXPECT_EQ(status.code(), 0) << status.message();
}

TEST_F(CallersTest, AGrantCoversItsMethodsOnItsConnections) {
  EXPECT_EQ(ListAs("portal", "connections/oa").code, grpc::StatusCode::OK);
  const int64_t asked = AskedAtProviders();
  const Failure other = ListAs("portal", "connections/tms");
  EXPECT_EQ(other.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(other.reason, "CALLER_DENIED");
  Failure update;
  UpdateAs("portal", "10", "", &update);
  EXPECT_EQ(update.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(update.reason, "CALLER_DENIED");
  EXPECT_EQ(ListAs("stranger", "connections/oa").reason, "CALLER_DENIED");
  EXPECT_EQ(AskedAtProviders(), asked);
}

TEST_F(CallersTest, AConnectionThatIsNotGrantedAnswersAsOneThatThereIsNot) {
  const Failure there = ListAs("portal", "connections/tms");
  const Failure nowhere = ListAs("portal", "connections/not");
  EXPECT_EQ(there.code, nowhere.code);
  EXPECT_EQ(there.reason, nowhere.reason);
}

TEST_F(CallersTest, AcrossConnectionsOnlyTheGrantedOnesAreAskedAndListed) {
  v1::ListEnrollmentsResponse page;
  ASSERT_EQ(ListAs("portal", "connections/-", &page).code, grpc::StatusCode::OK);
  EXPECT_GT(page.enrollments_size(), 0);
  for (const auto& each : page.enrollments()) {
    EXPECT_THAT(each.name(), HasSubstr("connections/oa/"));
  }
  EXPECT_EQ(page.unreachable_size(), 0);
  EXPECT_EQ(deployment_->providers().CountRequests("class_enrollment"), 0);

  v1::ListConnectionsResponse connections;
  const auto context = As("portal");
  ASSERT_TRUE(deployment_->connections().ListConnections(context.get(), {}, &connections).ok());
  ASSERT_EQ(connections.connections_size(), 1);
  EXPECT_EQ(connections.connections(0).name(), "connections/oa");
}

TEST_F(CallersTest, APageTokenIsOfNoUseToAnotherCaller) {
  v1::ListEnrollmentsResponse page;
  ASSERT_EQ(ListAs("portal", "connections/oa", &page).code, grpc::StatusCode::OK);
  ASSERT_NE(page.next_page_token(), "");
  const auto clerk = As("clerk");
  const Failure foreign = ListAs(*clerk, "connections/oa", nullptr, page.next_page_token());
  EXPECT_EQ(foreign.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(foreign.reason, "PAGE_TOKEN_INVALID");
  const auto portal = As("portal");
  EXPECT_EQ(ListAs(*portal, "connections/oa", nullptr, page.next_page_token()).code,
            grpc::StatusCode::OK);
}

TEST_F(CallersTest, ARequestIdIsItsCallersOwn) {
  constexpr char kId[] = "6f1c1a52-9e5c-4c1a-8f1b-0d5c2f2b7a11";
  ASSERT_TRUE(UpdateAs("clerk", "10", kId).ok());
  Failure reused;
  UpdateAs("clerk", "11", kId, &reused);
  EXPECT_EQ(reused.reason, "REQUEST_ID_REUSED");
  // Another caller's id of the same text is another id.
  Failure other;
  v1::UpdateEnrollmentRequest request;
  request.mutable_enrollment()->set_name("connections/oa/enrollments/59");
  request.mutable_enrollment()->set_grade_level("11");
  request.mutable_update_mask()->add_paths("grade_level");
  request.set_request_id(kId);
  v1::Enrollment record;
  const auto context = As("auditor");
  context->AddMetadata("edugate-purpose", "correction");
  EXPECT_TRUE(deployment_->enrollments().UpdateEnrollment(context.get(), request, &record).ok());
}

TEST_F(CallersTest, AWatchGoesOnForTheSameCallerOnly) {
  httplib::Client sender("http://" + deployment_->server().admin_address());
  const auto answer =
      sender.Post("/webhooks/m1", {{"Authorization", sandbox::kMeasureOneWebhookSecret}},
                  R"({"transcript_id":"tr_1","event":"transcript.processed"})", "application/json");
  ASSERT_TRUE(answer && answer->status == 200);
  const auto stub = v1::TranscriptService::NewStub(deployment_->channel());
  // The first event behind the token, or the failure.
  const auto watch = [&](absl::string_view caller, const std::string& token,
                         v1::TranscriptEvent* event) {
    v1::WatchTranscriptEventsRequest request;
    request.set_parent("connections/m1");
    request.set_resume_token(token);
    const auto context = As(caller);
    const auto reader = stub->WatchTranscriptEvents(context.get(), request);
    if (reader->Read(event)) {
      context->TryCancel();
      return Failure();
    }
    return FailureOf(reader->Finish(), *context);
  };
  v1::TranscriptEvent event;
  ASSERT_EQ(watch("portal", "", &event).code, grpc::StatusCode::OK);
  const std::string token = event.resume_token();
  ASSERT_NE(token, "");
  EXPECT_EQ(watch("clerk", token, &event).reason, "RESUME_TOKEN_INVALID");
  ASSERT_TRUE(sender
                  .Post("/webhooks/m1", {{"Authorization", sandbox::kMeasureOneWebhookSecret}},
                        R"({"transcript_id":"tr_2","event":"transcript.processed"})",
                        "application/json")
                  ->status == 200);
  EXPECT_EQ(watch("portal", token, &event).code, grpc::StatusCode::OK);
}

TEST_F(CallersTest, AGrantMayAskForAPurpose) {
  const Failure without = ListAs("auditor", "connections/oa");
  EXPECT_EQ(without.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(without.bytes, HasSubstr("edugate-purpose"));
  const auto with = As("auditor");
  with->AddMetadata("edugate-purpose", "yearly audit");
  EXPECT_EQ(ListAs(*with, "connections/oa").code, grpc::StatusCode::OK);
  const auto too_long = As("auditor");
  too_long->AddMetadata("edugate-purpose", std::string(201, 'x'));
  EXPECT_EQ(ListAs(*too_long, "connections/oa").reason, "ARGUMENT_INVALID");
}

TEST_F(CallersTest, AProvidersOwnMethodsNeedAGrantThatNamesThem) {
  const auto list = [&](absl::string_view caller, const char* method, const char* connection) {
    const auto context = As(caller);
    context->AddMetadata("edugate-connection", connection);
    context->AddMetadata("edugate-purpose", "test");
    const provider::openapply::v3::ListReenrollmentsRequest request;
    provider::openapply::v3::ReenrollmentPage page;
    grpc::TemplatedGenericStub<provider::openapply::v3::ListReenrollmentsRequest,
                               provider::openapply::v3::ReenrollmentPage>
        stub(deployment_->channel());
    std::promise<grpc::Status> ended;
    stub.UnaryCall(context.get(), absl::StrCat("/", kOpenApply, "/", method), {}, &request, &page,
                   [&](grpc::Status status) { ended.set_value(std::move(status)); });
    const grpc::Status status = ended.get_future().get();
    return FailureOf(status, *context).reason;
  };
  EXPECT_EQ(list("integrator", "ListReenrollments", "oa"), "");
  EXPECT_EQ(list("integrator", "ListStudentReenrollments", "oa"), "CALLER_DENIED");
  EXPECT_EQ(list("integrator", "ListReenrollments", "tms"), "CALLER_DENIED");
  EXPECT_EQ(list("auditor", "ListReenrollments", "oa"), "CALLER_DENIED")
      << "`*` means edugate's own methods";
  EXPECT_EQ(list("", "ListReenrollments", "oa"), "CALLER_UNAUTHENTICATED");
}

TEST_F(CallersTest, ReflectionShowsEachCallerWhatItMayCall) {
  const auto integrator = ClientAs("integrator");
  app::ReflectionDatabase all(*integrator);
  const auto with = all.ListServices();
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_THAT(*with, Contains(kOpenApply));
  EXPECT_THAT(*with, Contains("edugate.v1.EnrollmentService"));
  google::protobuf::FileDescriptorProto file;
  EXPECT_TRUE(all.FindFileContainingSymbol(kOpenApply, &file));

  const auto portal = ClientAs("portal");
  app::ReflectionDatabase some(*portal);
  const auto without = some.ListServices();
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_THAT(*without, Not(Contains(kOpenApply)));
  EXPECT_THAT(*without, Contains("edugate.v1.EnrollmentService"));
  EXPECT_FALSE(some.FindFileContainingSymbol(kOpenApply, &file));

  const auto nobody = ClientAs("");
  app::ReflectionDatabase none(*nobody);
  EXPECT_EQ(none.ListServices().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(CallersTest, TheCommandSendsTheTokenOfAFile) {
  const std::string token_file = folder_.Write("token", Token("portal") + "\n");
  const std::vector<std::string> call = {EDUGATE_PROGRAM,
                                         "call",
                                         "EnrollmentService.ListEnrollments",
                                         R"({"parent":"connections/oa","pageSize":2})",
                                         "--target",
                                         deployment_->server().address()};
  std::vector<std::string> with = call;
  with.insert(with.end(), {"--token-file", token_file});
  const Ended good = RunProgram(with);
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const Ended bad = RunProgram(call);
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.out, HasSubstr("UNAUTHENTICATED"));
}

TEST(ListenTest, OnlyLoopbackIsServedWithoutTlsUnlessItIsMeant) {
  TemporaryFolder folder;
  auto sandbox = sandbox::Sandbox::Start({});
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  std::string config = ConfigFor(**sandbox);
  config.erase(config.find("  insecure: true\n"), std::string("  insecure: true\n").size());
  const std::string closed = folder.Write("closed.yaml", config);
  EXPECT_EQ(RunProgram({EDUGATE_PROGRAM, "check", "--config", closed}).exit_code, 0);
  // The command line is no way round it.
  const Ended started =
      RunProgram({EDUGATE_PROGRAM, "serve", "--config", closed, "--listen", "0.0.0.0:0"});
  EXPECT_EQ(started.exit_code, 1);
  EXPECT_THAT(started.err, HasSubstr("server.insecure: true"));
  config.replace(config.find("127.0.0.1:0"), 11, "0.0.0.0:0");
  const Ended checked =
      RunProgram({EDUGATE_PROGRAM, "check", "--config", folder.Write("open.yaml", config)});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(checked.err, HasSubstr("server.listen"));
  (*sandbox)->Stop();
}

TEST(CertificateCallersTest, ACertificateNamesItsCaller) {
  TemporaryFolder folder;
  const Certificate server(folder, "server");
  const Certificate mesh(folder, "mesh", "URI:spiffe://school.example/portal");
  const Certificate plain(folder, "batch", "email:nobody@school.example");
  const std::string authorities = folder.Write("authorities.pem", mesh.Text() + plain.Text());
  Deployment deployment({.adjust = [&](v1::Config& config) {
    v1::ServerTls& tls = *config.mutable_server()->mutable_tls();
    tls.set_certificate_file(server.file);
    tls.set_private_key_file(server.key_file);
    tls.set_client_ca_file(authorities);
    v1::GrantConfig& read = *config.mutable_callers()->add_grants();
    read.add_callers("cert:spiffe://school.example/portal");
    read.add_methods("ConnectionService.ListConnections");
    read.add_connections("oa");
    v1::GrantConfig& other = *config.mutable_callers()->add_grants();
    other.add_callers("cert:batch");
    other.add_methods("EnrollmentService.ListEnrollments");
    other.add_connections("*");
  }});
  const auto call = [&](const Certificate& shown, const char* method, const char* request) {
    return RunProgram({EDUGATE_PROGRAM, "call", method, request, "--target",
                       deployment.server().address(), "--tls-ca", server.file, "--cert", shown.file,
                       "--key", shown.key_file});
  };
  const Ended portal = call(mesh, "ConnectionService.ListConnections", "{}");
  EXPECT_EQ(portal.exit_code, 0) << portal.out << portal.err;
  EXPECT_THAT(portal.out, HasSubstr("connections/oa"));
  EXPECT_THAT(portal.out, Not(HasSubstr("connections/tms")));
  const Ended batch = call(plain, "EnrollmentService.ListEnrollments",
                           R"({"parent":"connections/tms","pageSize":1})");
  EXPECT_EQ(batch.exit_code, 0) << batch.out << batch.err;
  const Ended denied = call(plain, "ConnectionService.ListConnections", "{}");
  EXPECT_EQ(denied.exit_code, 1);
  EXPECT_THAT(denied.out, HasSubstr("CALLER_DENIED"));
}

}  // namespace
}  // namespace edugate::end_to_end
