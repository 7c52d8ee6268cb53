// The program as a person runs it.

#include <httplib.h>

#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

// `edugate call` against a server in this process.
class CallTest : public ::testing::Test {
 protected:
  Ended Call(const std::string& method, const std::string& request,
             const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {EDUGATE_PROGRAM, "call", method};
    if (!request.empty()) arguments.push_back(request);
    arguments.insert(arguments.end(), {"--target", deployment_.server().address()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }

  // The one JSON object that an error is.
  static Json Error(const Ended& ended) {
    EXPECT_EQ(ended.exit_code, 1);
    const Json error = Json::parse(ended.out, nullptr, false);
    EXPECT_TRUE(error.is_object()) << ended.out << ended.err;
    if (!error.is_object()) return Json::object({{"code", ""}, {"message", ""}});
    EXPECT_TRUE(error.contains("code") && error.contains("message") && error.contains("details"));
    EXPECT_EQ(error.size(), 3u);
    return error;
  }

  Deployment deployment_;
};

TEST_F(CallTest, PrintsTheReplyAsJson) {
  const Ended ended =
      Call("EnrollmentService.ListEnrollments", R"({"parent":"connections/oa","pageSize":5})");
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const Json reply = Json::parse(ended.out, nullptr, false);
  ASSERT_TRUE(reply.is_object()) << ended.out;
  EXPECT_EQ(reply["enrollments"].size(), 5u);
  EXPECT_NE(reply["nextPageToken"].get<std::string>(), "");
  EXPECT_EQ(reply["enrollments"][0]["name"], "connections/oa/enrollments/59");
}

TEST_F(CallTest, ViewFullPrintsTheProvidersRecord) {
  const Ended ended = Call("EnrollmentService.GetEnrollment",
                           R"({"name":"connections/tms/enrollments/10","view":"FULL"})");
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const Json reply = Json::parse(ended.out, nullptr, false);
  ASSERT_TRUE(reply.is_object()) << ended.out;
  EXPECT_EQ(reply["providerRecord"]["@type"],
            "type.googleapis.com/edugate.provider.class_enrollment.v2.ClassEnrollment");
  EXPECT_EQ(reply["providerRecord"]["ExternalId"], "E3G5YZFREFEQ9371");
}

TEST_F(CallTest, EnumsMayBeNamedShortOrInFull) {
  for (const char* view : {"FULL", "full", "VIEW_FULL"}) {
    const Ended ended =
        Call("EnrollmentService.GetEnrollment",
             absl::StrCat(R"({"name":"connections/tms/enrollments/10","view":")", view, "\"}"));
    EXPECT_EQ(ended.exit_code, 0) << view << ended.out;
    EXPECT_THAT(ended.out, HasSubstr("providerRecord")) << view;
  }
  const Ended update = Call("EnrollmentService.UpdateEnrollment",
                            R"({"enrollment":{"name":"connections/oa/enrollments/59",)"
                            R"("status":"DECLINED"},"updateMask":"status"})");
  EXPECT_EQ(update.exit_code, 0) << update.out;
  EXPECT_THAT(update.out, HasSubstr("ENROLLMENT_STATUS_DECLINED"));
}

TEST_F(CallTest, AStreamIsOneObjectALine) {
  const Ended ended = Call("EnrollmentService.StreamEnrollments",
                           R"({"parent":"connections/oa","filter":"year = 2019","view":"FULL"})");
  ASSERT_EQ(ended.exit_code, 0) << ended.out;
  const std::vector<std::string> lines = absl::StrSplit(ended.out, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3u);
  for (const std::string& line : lines) EXPECT_TRUE(Json::parse(line, nullptr, false).is_object());
}

TEST_F(CallTest, AnErrorIsOneObjectWithCodeMessageAndDetails) {
  const Ended ended =
      Call("EnrollmentService.GetEnrollment", R"({"name":"connections/tms/enrollments/4242"})");
  const Json error = Error(ended);
  EXPECT_EQ(error["code"], "NOT_FOUND");
  EXPECT_NE(error["message"], "");
  bool info = false;
  for (const Json& detail : error["details"]) {
    if (detail["@type"] != "type.googleapis.com/google.rpc.ErrorInfo") continue;
    info = true;
    EXPECT_EQ(detail["reason"], "RESOURCE_NOT_FOUND");
    EXPECT_EQ(detail["domain"], "edugate");
    EXPECT_EQ(detail["metadata"]["connection"], "tms");
  }
  EXPECT_TRUE(info) << ended.out;
}

TEST_F(CallTest, ATamperedTokenIsInvalid) {
  const Json error = Error(Call("EnrollmentService.ListEnrollments",
                                R"({"parent":"connections/oa","pageToken":"AAAA"})"));
  EXPECT_EQ(error["code"], "INVALID_ARGUMENT");
}

TEST_F(CallTest, AMistypedMethodIsAnsweredWithWhatWasMeant) {
  for (const char* typed : {"EnrollmentService.ListEnrolments", "ListEnrolments"}) {
    const Json error = Error(Call(typed, "{}"));
    EXPECT_EQ(error["code"], "NOT_FOUND") << typed;
    EXPECT_THAT(error["message"].get<std::string>(),
                HasSubstr("EnrollmentService.ListEnrollments"));
  }
  const Json nothing = Error(Call("Xyzzy", "{}"));
  EXPECT_THAT(nothing["message"].get<std::string>(), Not(HasSubstr("did you mean")));
}

TEST_F(CallTest, AMethodMayBeNamedInManyWays) {
  for (const char* typed :
       {"ConnectionService.ListConnections", "ListConnections", "connectionservice.listconnections",
        "edugate.v1.ConnectionService.ListConnections",
        "/edugate.v1.ConnectionService/ListConnections"}) {
    EXPECT_EQ(Call(typed, "").exit_code, 0) << typed;
  }
}

TEST_F(CallTest, ARequestThatIsNoneIsRefused) {
  EXPECT_EQ(Error(Call("ListEnrollments", "{"))["code"], "INVALID_ARGUMENT");
  const Json error = Error(Call("ListEnrollments", R"({"colour":1})"));
  EXPECT_EQ(error["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("colour"));
}

TEST_F(CallTest, MetadataMayBeNamedInUpperCase) {
  const Ended ended = Call("ListConnections", "{}", {"--metadata", "Edugate-Purpose:audit"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST_F(CallTest, MetadataThatCanNotBeSentIsRefused) {
  for (const char* metadata : {":canary", "two words:canary", "x:canary\n", "x:canary \xc3\xa9"}) {
    const Ended ended = Call("ListConnections", "{}", {"--metadata", metadata});
    EXPECT_EQ(Error(ended)["code"], "INVALID_ARGUMENT") << metadata;
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("canary"))) << metadata;
  }
  EXPECT_EQ(Call("ListConnections", "{}", {"--metadata", "x-bin:\xc3\xa9"}).exit_code, 0);
  TemporaryFolder folder;
  const std::string token = folder.Write("token", "canary\nof two lines");
  const Ended ended = Call("ListConnections", "{}", {"--token-file", token});
  EXPECT_EQ(Error(ended)["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("canary")));
}

TEST_F(CallTest, AServerThatIsNotThereIsUnavailable) {
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "call", "ListConnections", "{}", "--target",
                                  "127.0.0.1:1", "--timeout", "5"});
  EXPECT_EQ(Error(ended)["code"], "UNAVAILABLE");
}

TEST(ProgramTest, SaysItsVersion) {
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "--version"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, HasSubstr("edugate 0."));
}

TEST(ProgramTest, WithoutACommandSaysHowItIsUsed) {
  const Ended ended = RunProgram({EDUGATE_PROGRAM});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("subcommand"));
}

TEST(CheckTest, AGoodFileIsGood) {
  TemporaryFolder folder;
  auto sandbox = *sandbox::Sandbox::Start({});
  const std::string file = folder.Write("edugate.yaml", ConfigFor(*sandbox));
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "check", "--config", file});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("2 connections"));
  EXPECT_EQ(sandbox->CountRequests(""), 0);
}

TEST(CheckTest, EveryMistakeNamesItsLineAndKey) {
  TemporaryFolder folder;
  const std::string file = folder.Write("edugate.yaml",
                                        "server: { listen: here }\n"
                                        "connections:\n"
                                        "  - id: Lincoln School\n"
                                        "    provider: openapply\n"
                                        "    base_url: http://lincoln.openapply.com\n"
                                        "    auth: { bearer: { value: canary-secret } }\n"
                                        "    options: { enterprise_customer_uuid: x }\n");
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "check", "--config", file});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr(file + ":1: server.listen: "));
  EXPECT_THAT(ended.err, HasSubstr(file + ":3: connections[0].id: "));
  EXPECT_THAT(ended.err, HasSubstr(file + ":5: connections[0].base_url: "));
  EXPECT_THAT(ended.err, HasSubstr(file + ":7: connections[0].options"));
  EXPECT_THAT(ended.err, Not(HasSubstr("canary-secret")));
  EXPECT_THAT(ended.out, IsEmpty());
}

TEST(CheckTest, ExplainsWhatIsInForceAndWhereItComesFrom) {
  TemporaryFolder folder;
  auto sandbox = *sandbox::Sandbox::Start({});
  const std::string file =
      folder.Write("edugate.yaml",
                   ConfigFor(*sandbox,
                             "  - id: lincoln\n"
                             "    provider: openapply\n"
                             "    base_url: \"{url}/openapply\"\n"
                             "    auth: { bearer: { value: canary-secret } }\n"
                             "    breaker: { open: 7s }\n"
                             "    methods: [ { method: ListReenrollments, max_attempts: 4 } ]\n"));
  const Ended table = RunProgram({EDUGATE_PROGRAM, "check", "--explain", "--config", file});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("connection lincoln (openapply)"));
  EXPECT_THAT(table.out, ::testing::ContainsRegex("breaker.open +7s \\*"));
  EXPECT_THAT(table.out, ::testing::ContainsRegex("ListReenrollments +read +4 \\*"));
  EXPECT_THAT(table.out, Not(HasSubstr("canary-secret")));
  const Ended json =
      RunProgram({EDUGATE_PROGRAM, "check", "--explain", "--json", "--config", file});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_THAT(json.out, HasSubstr("\"breaker.open\""));
  EXPECT_EQ(sandbox->CountRequests(""), 0);
}

TEST(CheckTest, AMethodThatTheProviderHasNotIsAMistakeThatNamesThoseItHas) {
  TemporaryFolder folder;
  auto sandbox = *sandbox::Sandbox::Start({});
  const std::string file =
      folder.Write("edugate.yaml", ConfigFor(*sandbox,
                                             "  - id: lincoln\n"
                                             "    provider: openapply\n"
                                             "    base_url: \"{url}/openapply\"\n"
                                             "    auth: { bearer: { value: x } }\n"
                                             "    methods: [ { method: ListEnrollments } ]\n"));
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "check", "--config", file});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("connections[2].methods[0].method: "));
  EXPECT_THAT(ended.err, HasSubstr("ListReenrollments"));
}

TEST(CheckTest, AFileThatIsNotThereIsAMistake) {
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "check", "--config", "/nowhere/edugate.yaml"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("/nowhere/edugate.yaml"));
}

TEST(ServeTest, RefusesABadConfiguration) {
  TemporaryFolder folder;
  const std::string file =
      folder.Write("edugate.yaml", "server: { listen: \"127.0.0.1:0\" }\ncolour: red\n");
  const Ended ended = RunProgram({EDUGATE_PROGRAM, "serve", "--config", file});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr(file + ":2: colour: "));
  EXPECT_EQ(RunProgram({EDUGATE_PROGRAM, "serve"}).exit_code, 1);
}

TEST(ServeTest, RefusesAnAddressThatIsTaken) {
  TemporaryFolder folder;
  Deployment deployment;
  const std::string file = folder.Write("edugate.yaml", ConfigFor(deployment.providers()));
  const Ended ended = RunProgram(
      {EDUGATE_PROGRAM, "serve", "--config", file, "--listen", deployment.server().address()});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr(deployment.server().address()));
}

TEST(ServeTest, TheSandboxAnswersAndStopsCleanly) {
  const auto process =
      Process::Start({EDUGATE_PROGRAM, "serve", "--sandbox", "--listen", "127.0.0.1:0"});
  const std::string address = process->AwaitLine("edugate: listening on ");
  ASSERT_NE(address, "");
  const Ended call =
      RunProgram({EDUGATE_PROGRAM, "call", "EnrollmentService.ListEnrollments",
                  R"({"parent":"connections/oa","pageSize":2})", "--target", address});
  EXPECT_EQ(call.exit_code, 0) << call.out << call.err;
  process->Signal(SIGTERM);
  const Ended ended = process->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST(ServeTest, TheSandboxsWebhooksArriveAfterItsReset) {
  const auto process =
      Process::Start({EDUGATE_PROGRAM, "serve", "--sandbox", "--listen", "127.0.0.1:0"});
  const std::string said = process->AwaitLine("The sandbox listens on ");
  const std::string address = process->AwaitLine("edugate: listening on ");
  ASSERT_NE(address, "");
  httplib::Client control(said.substr(0, said.find(". ")));
  const auto reset = control.Post("/_sandbox/reset");
  ASSERT_TRUE(reset && reset->status == 204);
  const Ended created =
      RunProgram({EDUGATE_PROGRAM, "call", "TranscriptService.CreateTranscript",
                  R"({"parent":"connections/m1","transcript":{"sources":[{"document":{)"
                  R"("uri":"https://school.example/transcript.pdf","mediaType":"application/pdf",)"
                  R"("httpMethod":"GET"}}]}})",
                  "--target", address});
  EXPECT_EQ(created.exit_code, 0) << created.out;
  // A watch has no end of its own but its time.
  EXPECT_TRUE(Eventually([&] {
    const Ended watched =
        RunProgram({EDUGATE_PROGRAM, "call", "TranscriptService.WatchTranscriptEvents",
                    R"({"parent":"connections/m1"})", "--target", address, "--timeout", "2"});
    return watched.out.find("transcript.created") != std::string::npos;
  }));
  process->Signal(SIGTERM);
  EXPECT_EQ(process->Wait().exit_code, 0);
}

TEST(ServeTest, SigtermLetsARunningCallEnd) {
  absl::Notification entered;
  absl::Notification opened;
  sandbox::Options options;
  options.sleep = [&](absl::Duration) {
    entered.Notify();
    opened.WaitForNotificationWithTimeout(absl::Seconds(20));
  };
  auto sandbox = *sandbox::Sandbox::Start(options);
  sandbox->AddFault({.provider = "openapply", .delay = absl::Seconds(1)});
  TemporaryFolder folder;
  const std::string file = folder.Write("edugate.yaml", ConfigFor(*sandbox));
  const auto process = Process::Start({EDUGATE_PROGRAM, "serve", "--config", file});
  const std::string address = process->AwaitLine("edugate: listening on ");
  ASSERT_NE(address, "");

  Ended call;
  std::thread caller([&] {
    call = RunProgram({EDUGATE_PROGRAM, "call", "EnrollmentService.ListEnrollments",
                       R"({"parent":"connections/oa","pageSize":2})", "--target", address});
  });
  EXPECT_TRUE(entered.WaitForNotificationWithTimeout(absl::Seconds(20)));
  process->Signal(SIGTERM);
  // New calls are refused from when the signal has arrived.
  EXPECT_TRUE(Eventually([&] {
    return RunProgram({EDUGATE_PROGRAM, "call", "ListConnections", "{}", "--target", address,
                       "--timeout", "2"})
               .exit_code == 1;
  }));
  opened.Notify();
  caller.join();
  EXPECT_EQ(call.exit_code, 0) << call.out;
  const Ended ended = process->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("edugate: stopped"));
  // No record of anybody, and no credential.
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("not-a-secret")));
}

}  // namespace
}  // namespace edugate::end_to_end
