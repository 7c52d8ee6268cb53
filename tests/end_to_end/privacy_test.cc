// What callers may see of persons, and the log of who saw it, through the whole program.

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/identity/test_key.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr char kChainKey[] = "a chain key for tests alone, longer than 32 bytes";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The program with callers: `registrar` sees everything, `analyst` no persons, `directory` nothing
// of their records, `mailroom` everything but student numbers, `counter` nothing of persons; and
// with a disclosure log.
class PrivacyTest : public ::testing::Test {
 protected:
  PrivacyTest() : key_(identity::KeyType::kP256), sandbox_(*sandbox::Sandbox::Start({})) {
    folder_.Write("keys.json", identity::KeySet({key_.Jwk("k")}));
    config_ = folder_.Write(
        "edugate.yaml",
        absl::StrCat(
            ConfigFor(*sandbox_,
                      absl::StrCat("  - id: m1\n    provider: measureone\n"
                                   "    base_url: {url}/measureone\n    auth: { bearer: { value: ",
                                   sandbox::kMeasureOneKey, " } }\n")),
            "native_calls: { enabled: true }\n"
            "callers:\n"
            "  jwt: { jwks_file: ",
            folder_.path(),
            "/keys.json, issuer: tests, audience: edugate }\n"
            "  grants:\n",
            Grant("registrar", ""), Grant("analyst", ", visible: [ education_record ]"),
            Grant("directory", ", visible: [ identity ]"),
            Grant("mailroom", ", hidden_fields: [ Learner.student_number ]"),
            Grant("counter", ", visible: [ unspecified ]"), "disclosure: { path: ", Log(),
            ", required: true, chain_key: { value: \"", kChainKey, "\" } }\n"));
    Start();
  }

  static std::string Grant(const std::string& name, const std::string& more) {
    return absl::StrCat("    - { name: ", name, ", callers: [ \"jwt:", name,
                        "\" ], methods: [ \"*\", \"edugate.provider.openapply.v3.OpenApplyV3.*\" ]"
                        ", connections: [ \"*\" ]",
                        more, " }\n");
  }

  std::string Log() const { return folder_.path() + "/disclosures.log"; }

  void Start() {
    process_ = Process::Start({EDUGATE_PROGRAM, "serve", "--config", config_});
    address_ = process_->AwaitLine("edugate: listening on ");
    ASSERT_NE(address_, "");
  }

  void Stop() {
    process_->Signal(SIGTERM);
    EXPECT_EQ(process_->Wait().exit_code, 0);
  }

  std::string TokenOf(const std::string& caller) const {
    return key_.Token(identity::Algorithm::kEs256, R"({"alg":"ES256","kid":"k"})",
                      absl::StrCat(R"({"iss":"tests","aud":"edugate","sub":")", caller,
                                   R"(","exp":)", absl::ToUnixSeconds(absl::Now()) + 3600, "}"));
  }

  // A call as `caller`, by the shell.
  Ended Call(const std::string& caller, const std::string& method, const std::string& request,
             const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        EDUGATE_PROGRAM, "call",
        method,          request,
        "--target",      address_,
        "--metadata",    absl::StrCat("authorization:Bearer ", TokenOf(caller)),
        "--metadata",    "edugate-purpose:audit 7"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }

  Json Reply(const Ended& ended) const {
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }

  Ended Verify(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {EDUGATE_PROGRAM, "audit", "verify", "--config", config_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }

  // The log's lines of calls by `caller`.
  std::vector<Json> LinesOf(const std::string& caller) const {
    std::vector<Json> lines;
    std::istringstream text(ReadAll(Log()));
    for (std::string line; std::getline(text, line);) {
      Json parsed = Json::parse(line, nullptr, false);
      EXPECT_TRUE(parsed.is_object()) << line;
      if (parsed.value("caller", "") == "jwt:" + caller) lines.push_back(std::move(parsed));
    }
    return lines;
  }

  identity::TestKey key_;
  TemporaryFolder folder_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::string config_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

TEST_F(PrivacyTest, EachCallerSeesItsOwnPart) {
  const std::string request = R"({"parent":"connections/oa","pageSize":3,"view":"FULL"})";
  Json counted = Reply(Call("counter", "EnrollmentService.ListEnrollments", request));
  ASSERT_EQ(counted["enrollments"].size(), 3u);
  for (Json record : counted["enrollments"]) {
    EXPECT_FALSE(record.contains("learner"));
    EXPECT_FALSE(record.contains("status"));
    EXPECT_TRUE(record.contains("name"));
  }

  Json all = Reply(Call("registrar", "EnrollmentService.ListEnrollments", request));
  ASSERT_EQ(all["enrollments"].size(), 3u);
  for (Json record : all["enrollments"]) {
    EXPECT_TRUE(record.contains("learner"));
    EXPECT_FALSE(record.contains("redactedFields"));
  }

  Json records = Reply(Call("analyst", "EnrollmentService.ListEnrollments", request));
  ASSERT_EQ(records["enrollments"].size(), 3u);
  for (Json record : records["enrollments"]) {
    EXPECT_FALSE(record.contains("learner"));
    EXPECT_TRUE(record.contains("status"));
    EXPECT_TRUE(record["providerRecord"].contains("status"));
    EXPECT_FALSE(record["providerRecord"].contains("student"));
    EXPECT_THAT(record["redactedFields"].dump(), HasSubstr("\"learner\""));
    EXPECT_THAT(record["redactedFields"].dump(), HasSubstr("\"provider_record.student\""));
  }

  Json persons = Reply(Call("directory", "EnrollmentService.ListEnrollments", request));
  ASSERT_EQ(persons["enrollments"].size(), 3u);
  for (Json record : persons["enrollments"]) {
    EXPECT_TRUE(record["learner"].contains("providerId"));
    EXPECT_FALSE(record.contains("status"));
    EXPECT_FALSE(record.contains("providerStatus"));
    // The provider's record as a whole is one of education.
    EXPECT_FALSE(record.contains("providerRecord"));
    EXPECT_THAT(record["redactedFields"].dump(), HasSubstr("\"provider_record\""));
    EXPECT_THAT(record["redactedFields"].dump(), HasSubstr("\"status\""));
  }

  Json numbers = Reply(Call("mailroom", "EnrollmentService.ListEnrollments", request));
  ASSERT_EQ(numbers["enrollments"].size(), 3u);
  for (Json record : numbers["enrollments"]) {
    EXPECT_TRUE(record["learner"].contains("providerId"));
    EXPECT_FALSE(record["learner"].contains("studentNumber"));
    // Where else the number stands isn't known.
    EXPECT_FALSE(record.contains("providerRecord"));
  }
}

TEST_F(PrivacyTest, StreamsAreScreenedRecordByRecord) {
  const Ended ended =
      Call("analyst", "EnrollmentService.StreamEnrollments", R"({"parent":"connections/-"})");
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::istringstream text(ended.out);
  int records = 0;
  for (std::string line; std::getline(text, line);) {
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object() || !record.contains("name")) continue;
    ++records;
    EXPECT_FALSE(record.contains("learner")) << line;
  }
  EXPECT_GT(records, 50);
}

TEST_F(PrivacyTest, HiddenValuesAreNotFoundByAsking) {
  const Ended by_status =
      Call("directory", "EnrollmentService.ListEnrollments",
           R"({"parent":"connections/oa","filter":"provider_status = Pending"})");
  EXPECT_EQ(by_status.exit_code, 1);
  EXPECT_THAT(by_status.out, HasSubstr("PERMISSION_DENIED"));
  EXPECT_THAT(by_status.out, HasSubstr("provider_status"));
  const Ended by_learner = Call("analyst", "EnrollmentService.ListEnrollments",
                                R"({"parent":"connections/oa","learner":"460"})");
  EXPECT_EQ(by_learner.exit_code, 1);
  EXPECT_THAT(by_learner.out, HasSubstr("CALLER_DENIED"));
  const Ended files = Call("directory", "TranscriptService.DownloadTranscriptFiles",
                           R"({"name":"connections/m1/transcripts/t"})");
  EXPECT_EQ(files.exit_code, 1);
  EXPECT_THAT(files.out, HasSubstr("CALLER_DENIED"));
}

TEST_F(PrivacyTest, NativeCallsAreScreenedByTheProvidersOwnClasses) {
  const std::string method = "edugate.provider.openapply.v3.OpenApplyV3.ListReenrollments";
  const std::vector<std::string> through = {"--metadata", "edugate-connection:oa"};
  const Ended all = Call("registrar", method, "{}", through);
  ASSERT_EQ(all.exit_code, 0) << all.out << all.err;
  EXPECT_THAT(all.out, HasSubstr("\"student\""));
  const Ended some = Call("analyst", method, "{}", through);
  ASSERT_EQ(some.exit_code, 0) << some.out << some.err;
  EXPECT_THAT(some.out, Not(HasSubstr("\"student\"")));
  EXPECT_THAT(some.out, HasSubstr("\"status\""));
  // A single hidden field of edugate's can't be told in the provider's message.
  EXPECT_THAT(Call("mailroom", method, "{}", through).out, HasSubstr("CALLER_DENIED"));
}

TEST_F(PrivacyTest, TheLogSaysWhoSawWhatOfWhom) {
  Reply(Call("analyst", "EnrollmentService.ListEnrollments",
             R"({"parent":"connections/oa","pageSize":2})"));
  // On the disk before the call was answered.
  std::vector<Json> lines = LinesOf("analyst");
  ASSERT_THAT(lines, SizeIs(1));
  Json& line = lines[0];
  EXPECT_EQ(line["kind"], "read");
  EXPECT_EQ(line["grants"], Json::array({"analyst"}));
  EXPECT_EQ(line["method"], "EnrollmentService.ListEnrollments");
  EXPECT_EQ(line["connection"], "oa");
  EXPECT_EQ(line["purpose"], "audit 7");
  EXPECT_EQ(line["outcome"], "OK");
  EXPECT_FALSE(line["time"].get<std::string>().empty());
  std::vector<std::string> names;
  for (Json group : line["disclosed"]) {
    EXPECT_THAT(group["redacted"].dump(), HasSubstr("\"learner\""));
    EXPECT_THAT(group["fields"].dump(), HasSubstr("\"status\""));
    for (Json record : group["records"]) {
      names.push_back(record["name"]);
      EXPECT_FALSE(record["learner"].get<std::string>().empty());
    }
  }
  EXPECT_THAT(names, SizeIs(2));
  EXPECT_THAT(names[0], StartsWith("connections/oa/enrollments/"));
}

TEST_F(PrivacyTest, AWriteIsLoggedBeforeAndAfter) {
  Reply(Call("registrar", "EnrollmentService.UpdateEnrollment",
             R"({"enrollment":{"name":"connections/oa/enrollments/59","providerStatus":"Pending"},)"
             R"("updateMask":"providerStatus","requestId":"r-1"})"));
  std::vector<Json> lines = LinesOf("registrar");
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0]["kind"], "write");
  EXPECT_EQ(lines[0]["request_id"], "r-1");
  EXPECT_THAT(lines[0].dump(), HasSubstr("connections/oa/enrollments/59"));
  EXPECT_EQ(lines[1]["kind"], "outcome");
  EXPECT_EQ(lines[1]["outcome"], "OK");
}

TEST_F(PrivacyTest, ALogIsVerifiedAndADamageIsNamed) {
  for (int i = 0; i < 3; ++i) {
    Reply(Call("registrar", "EnrollmentService.GetEnrollment",
               R"({"name":"connections/tms/enrollments/10"})"));
  }
  Stop();
  const Ended whole = Verify();
  EXPECT_EQ(whole.exit_code, 0) << whole.out << whole.err;
  EXPECT_THAT(whole.out, StartsWith("OK 5 lines in 1 files, from number 1 to 5\nlast hash "));
  const std::string hash = whole.out.substr(whole.out.size() - 65, 64);
  const std::string log = ReadAll(Log());

  std::string changed = log;
  changed[changed.find("audit 7")] = 'A';
  folder_.Write("disclosures.log", changed);
  const Ended broken = Verify();
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.out, StartsWith(absl::StrCat("BROKEN ", Log(), ":3: ")));
  // And edugate doesn't go on with a last line that was changed.
  std::string changed_end = log;
  changed_end[changed_end.rfind("audit 7")] = 'A';
  folder_.Write("disclosures.log", changed_end);
  const Ended refused = RunProgram({EDUGATE_PROGRAM, "serve", "--config", config_});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("doesn't verify"));

  // An end that is cut off shows by what was noted.
  folder_.Write("disclosures.log", log.substr(0, log.rfind('\n', log.size() - 2) + 1));
  EXPECT_EQ(Verify().exit_code, 0);
  EXPECT_EQ(Verify({"--expect-last", hash}).exit_code, 1);
  EXPECT_EQ(Verify({"--expect-count", "5"}).exit_code, 1);
}

TEST_F(PrivacyTest, AKilledProcessLosesNoLineAndTheChainGoesOn) {
  Reply(Call("registrar", "EnrollmentService.GetEnrollment",
             R"({"name":"connections/tms/enrollments/10"})"));
  process_->Signal(SIGKILL);
  process_->Wait();
  EXPECT_THAT(LinesOf("registrar"), SizeIs(1));
  std::ofstream(Log(), std::ios::app) << "{\"seq\":4,\"half";
  EXPECT_EQ(Verify().exit_code, 1);
  Start();
  Reply(Call("registrar", "EnrollmentService.GetEnrollment",
             R"({"name":"connections/tms/enrollments/10"})"));
  Stop();
  const Ended whole = Verify();
  EXPECT_EQ(whole.exit_code, 0) << whole.out;
  EXPECT_THAT(LinesOf("registrar"), SizeIs(2));
  EXPECT_THAT(ReadAll(Log()), HasSubstr("\"torn_bytes\":14"));
}

// The kernel's way of saying that the disk is full.
void LimitFiles(pid_t process, rlim_t bytes) {
  struct rlimit limit;
  ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = bytes;
  ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST_F(PrivacyTest, WhereTheLogIsRequiredAFullDiskRefusesCallsBeforeTheyHappen) {
  const std::string read = R"({"name":"connections/tms/enrollments/10"})";
  Reply(Call("registrar", "EnrollmentService.GetEnrollment", read));
  sandbox_->ClearRequests();
  LimitFiles(process_->pid(), ReadAll(Log()).size() + 10);
  const Ended write =
      Call("registrar", "EnrollmentService.UpdateEnrollment",
           R"({"enrollment":{"name":"connections/oa/enrollments/59","providerStatus":"Pending"},)"
           R"("updateMask":"providerStatus"})");
  EXPECT_EQ(write.exit_code, 1);
  EXPECT_THAT(write.out, HasSubstr("STORE_UNAVAILABLE"));
  // Nobody was asked to change anything.
  EXPECT_EQ(sandbox_->CountRequests(""), 0);
  const Ended refused = Call("registrar", "EnrollmentService.GetEnrollment", read);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("STORE_UNAVAILABLE"));
  LimitFiles(process_->pid(), RLIM_INFINITY);
  Reply(Call("registrar", "EnrollmentService.GetEnrollment", read));
  Stop();
  const Ended whole = Verify();
  EXPECT_EQ(whole.exit_code, 0) << whole.out;
  EXPECT_THAT(LinesOf("registrar"), SizeIs(2));
}

TEST_F(PrivacyTest, ASecondProcessDoesNotShareTheLog) {
  const Ended second =
      RunProgram({EDUGATE_PROGRAM, "serve", "--config", config_, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("in use by another process"));
}

}  // namespace
}  // namespace edugate::end_to_end
