#include <atomic>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sandbox/http_server.h"
#include "sandbox/sandbox.h"
#include "sandbox/test_client.h"
#include "sandbox/zip_file.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

constexpr char kTranscript[] = "trc_TSEne2SSjP3GvpVrs5HLol4xor2";

class MeasureOneTest : public ::testing::Test {
 protected:
  MeasureOneTest() {
    Options options;
    options.now = [this] {
      return absl::FromUnixSeconds(1'700'000'000) + absl::Milliseconds(passed_.load());
    };
    sandbox_ = *Sandbox::Start(options);
    client_ = std::make_unique<TestClient>(sandbox_->port());
  }

  Answer Send(const std::string& path, const std::string& body, const std::string& method = "POST",
              const std::string& type = "application/json") {
    return client_->Send(method, "/measureone" + path,
                         {{"Authorization", absl::StrCat("Bearer ", kMeasureOneKey)}}, body, type);
  }
  Json Post(const std::string& path, const std::string& body, int status = 200) {
    const Answer answer = Send(path, body);
    EXPECT_EQ(answer.status, status) << answer.body;
    return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  }
  std::string StateOf(const std::string& id) {
    return Post("/v2/transcripts/get_by_id", absl::StrCat(R"({"id":")", id, R"("})"))
        .value("processing_status", "");
  }
  std::string UploadOne(const std::string& content) {
    const Answer answer =
        Send("/v2/transcripts/upload",
             absl::StrCat("--B\r\nContent-Disposition: form-data; name=\"files[]\"; "
                          "filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n",
                          content, "\r\n--B--\r\n"),
             "POST", "multipart/form-data; boundary=B");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body)[0]["uri"];
  }
  std::string CreateFrom(const std::string& uri) {
    return Post("/v2/transcripts/new",
                absl::StrCat(R"({"external_id":"E","source_data":[{"source_data_type":"OTHER",)",
                             R"("source_data_reference":{"media_type":"application/pdf","uri":")",
                             uri, R"("}}]})"))["id"];
  }

  std::atomic<int64_t> passed_{0};
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(MeasureOneTest, GivesTheDocumentedTranscriptInThreeViews) {
  const std::string body = absl::StrCat(R"({"id":")", kTranscript, R"("})");
  EXPECT_EQ(Post("/v2/transcripts/get_by_id", body)["raw"]["student"]["last_name"], "Doe");
  EXPECT_EQ(Post("/v2/transcripts/get_digest_by_id", body)["digest"]["cgpa"], 3.76);
  const Json summary = Post("/v2/transcripts/get_enrollment_summary", body)["enrollment_summary"];
  EXPECT_EQ(summary["processing_status"], "COMPLETED");
  EXPECT_FALSE(summary["academic_sessions"][0].contains("courses"));
  Post("/v2/transcripts/get_by_id", R"({"id":"trc_none"})", 404);
}

TEST_F(MeasureOneTest, RefusesAWrongKey) {
  const Answer answer = client_->Send("POST", "/measureone/v2/schools/get", {}, "{}");
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr("INVALID_CREDENTIALS"));
  EXPECT_THAT(answer.body, HasSubstr("request_id"));
}

TEST_F(MeasureOneTest, RefusesInTheWordsOfTheVersionThatIsAsked) {
  const std::string path = "/v3/services/get_enrollment_status";
  const Json key = Json::parse(client_->Send("POST", "/measureone" + path, {}, "{}").body);
  EXPECT_EQ(key["error_code"], "INVALID_CREDENTIALS");
  EXPECT_EQ(key["timestamp"], 1'700'000'000'000);
  EXPECT_FALSE(key.contains("request_id"));
  const Answer method = Send(path, "", "GET");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(Json::parse(method.body)["timestamp"], 1'700'000'000'000);
}

TEST_F(MeasureOneTest, WorksOnDocumentsForAWhile) {
  const std::string id = CreateFrom(UploadOne("%PDF"));
  EXPECT_EQ(StateOf(id), "PENDING");
  passed_ = 1500;
  EXPECT_EQ(StateOf(id), "IN_PROGRESS");
  Post("/v2/analytics/meritscore", absl::StrCat(R"({"transcripts":[{"id":")", id, R"("}]})"), 400);
  passed_ = 2000;
  EXPECT_EQ(StateOf(id), "COMPLETED");
  EXPECT_EQ(Post("/v2/analytics/meritscore",
                 absl::StrCat(R"({"transcripts":[{"id":")", id, R"("}]})"))["merit_score"],
            698);
}

TEST_F(MeasureOneTest, GivesUploadsBackByteForByte) {
  const std::string content("\x89PNG\r\n\x1a\n\0--B-", 13);
  const std::string id = CreateFrom(UploadOne(content));
  const Answer files = Send("/v2/transcripts/get_files?transcript_id=" + id, "", "GET");
  EXPECT_EQ(files.status, 200);
  EXPECT_EQ(files.content_type, "application/zip");
  EXPECT_TRUE(files.body == ZipOf({{"a.pdf", content}}));
  EXPECT_EQ(
      Send("/v2/transcripts/get_files?transcript_id=trc_DigestSSjP3GvpVrs5HLol4xor2", "", "GET")
          .status,
      404);
}

TEST_F(MeasureOneTest, TakesADigestAtOnceIfItsNumbersAreNumbers) {
  const auto create = [](const std::string& cgpa) {
    return R"({"source_data":[{"source_data_type":"M1_DIGEST","source_data_value":{"cgpa":)" +
           cgpa + "}}]}";
  };
  EXPECT_EQ(Post("/v2/transcripts/new", create("3.3"))["processing_status"], "COMPLETED");
  Post("/v2/transcripts/new", create("\"3.3\""), 400);
}

TEST_F(MeasureOneTest, SchoolAsksForASecondFactor) {
  const std::string login =
      R"({"external_id":"E","school_id":"sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz","username":"u","password":)";
  const std::string session =
      Post("/v2/transcriptlink/access_transcript", login + "\"p\"}", 202)["session_id"];
  const auto verify = [&](const std::string& id, const std::string& token, int status) {
    return Post("/v2/transcriptlink/verify_mfa",
                absl::StrCat(R"({"session_id":")", id, R"(","mfa_token":")", token, R"("})"),
                status);
  };
  EXPECT_EQ(verify(session, "00000", 404)["error_code"], "INVALID_MFA_TOKEN");
  EXPECT_EQ(verify(session, "51622", 200)["session_id"], session);
  EXPECT_EQ(verify(session, "51622", 400)["error_code"], "SESSION_NOT_FOUND");
  EXPECT_EQ(Post("/v2/transcriptlink/access_transcript", login + "\"wrong\"}", 404)["error_code"],
            "INVALID_CREDENTIALS");
}

TEST_F(MeasureOneTest, ReportsAreThereAfterAWhile) {
  const auto state = [this] {
    return Post("/v3/services/get_enrollment_status",
                R"({"datarequest_id":"dr_progress"})")["processing_status"];
  };
  EXPECT_EQ(state(), "ACQUIRING");
  passed_ = 1000;
  EXPECT_EQ(state(), "IN_PROGRESS");
  passed_ = 2000;
  EXPECT_EQ(state(), "COMPLETED");
  Post("/v3/services/get_enrollment_status", R"({"datarequest_id":"dr_multiple"})", 409);
  Post("/v3/services/get_enrollment_status", R"({"datarequest_id":"dr_unprocessable"})", 422);
  Post("/v3/services/get_enrollment_status", R"({"datarequest_id":"dr_none"})", 404);
}

TEST_F(MeasureOneTest, TokenIsGivenAgainWithLessTimeLeft) {
  const Headers basic = {{"Authorization", absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                                                      kMeasureOneClientId, ":",
                                                                      kMeasureOneClientSecret)))}};
  const std::string path = "/measureone/v3/auth/generate_access_token";
  const Json first = Json::parse(client_->Send("POST", path, basic, "{}").body);
  EXPECT_EQ(first["expires_in"], 899);
  passed_ = 100'000;
  const Json again = Json::parse(client_->Send("POST", path, basic, "{}").body);
  EXPECT_EQ(again["access_token"], first["access_token"]);
  EXPECT_EQ(again["expires_in"], 799);
  EXPECT_EQ(client_->Send("POST", path, {}, "{}").status, 401);
}

// Takes webhooks in, the first of them with an error.
struct Receiver {
  absl::Mutex mutex;
  std::vector<Request> requests;
  bool Has(size_t count) {
    const auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return requests.size() >= count; };
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }
};

// A server that takes what comes for the receiver, the first of it with this status.
auto StartFor(Receiver& receiver, int first_status) {
  return HttpServer::Start(
      {},
      [&receiver, first_status](const Request& request) {
        absl::MutexLock lock(&receiver.mutex);
        receiver.requests.push_back(request);
        return JsonReply(receiver.requests.size() == 1 ? first_status : 200, "");
      },
      [](absl::Duration) {});
}

TEST_F(MeasureOneTest, SendsWebhooksOfATranscriptsLife) {
  Receiver receiver;
  auto server = StartFor(receiver, 503);
  ASSERT_TRUE(server.ok());
  ProviderSettings settings;
  settings.webhook_url = absl::StrCat("http://127.0.0.1:", (*server)->port(), "/webhooks/m1");
  ASSERT_TRUE(sandbox_->SetSettings("measureone", settings).ok());
  const std::string id = CreateFrom(UploadOne("%PDF"));
  ASSERT_TRUE(receiver.Has(1));
  passed_ = 10'000;
  ASSERT_TRUE(receiver.Has(3));
  (*server)->Stop();
  std::vector<std::string> events;
  for (const Request& request : receiver.requests) {
    EXPECT_EQ(request.target, "/webhooks/m1");
    EXPECT_EQ(request.Header("authorization"), kMeasureOneWebhookSecret);
    EXPECT_TRUE(absl::StartsWith(request.Header("user-agent"), "M1-Webhook/"));
    const Json body = Json::parse(request.body);
    EXPECT_EQ(body["transcript_id"], id);
    events.push_back(body["event"]);
  }
  EXPECT_THAT(events, ::testing::UnorderedElementsAre("transcript.created", "transcript.created",
                                                      "transcript.processed"));
}

TEST_F(MeasureOneTest, AResetLeavesTheAddressOfWebhooksThatWasToldAfterTheStart) {
  Receiver receiver;
  auto server = StartFor(receiver, 200);
  ASSERT_TRUE(server.ok());
  sandbox_->SetWebhookUrl(absl::StrCat("http://127.0.0.1:", (*server)->port(), "/webhooks/m1"));
  sandbox_->Reset();
  CreateFrom(UploadOne("%PDF"));
  EXPECT_TRUE(receiver.Has(1));
  (*server)->Stop();
}

}  // namespace
}  // namespace edugate::sandbox
