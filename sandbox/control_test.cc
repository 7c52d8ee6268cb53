#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sandbox/sandbox.h"
#include "sandbox/test_client.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() {
    Options options;
    options.sleep = [this](absl::Duration time) { slept_.push_back(time); };
    sandbox_ = *Sandbox::Start(options);
    client_ = std::make_unique<TestClient>(sandbox_->port());
  }

  Answer Control(const std::string& method, const std::string& path, const std::string& body = "") {
    return client_->Send(method, "/_sandbox" + path, {}, body);
  }
  Answer List() { return Send("GET", "/openapply/api/v3/reenrollments"); }
  Answer Send(const std::string& method, const std::string& target, const std::string& body = "") {
    return client_->Send(method, target,
                         {{"Authorization", absl::StrCat("Bearer ", kOpenApplyToken)},
                          {"api_key", kClassEnrollmentApiKey}},
                         body);
  }

  // Read only after the answer to the request that slept has arrived.
  std::vector<absl::Duration> slept_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(ControlTest, AFaultStrikesOnceByDefault) {
  EXPECT_EQ(Control("POST", "/faults",
                    R"({"provider":"openapply","status":503,"body":"<html>",)"
                    R"("content_type":"text/html","headers":{"Retry-After":"120"}})")
                .status,
            201);
  const Answer struck = List();
  EXPECT_EQ(struck.status, 503);
  EXPECT_EQ(struck.body, "<html>");
  EXPECT_EQ(struck.content_type, "text/html");
  EXPECT_THAT(struck.headers, Contains(Pair("retry-after", "120")));
  EXPECT_EQ(List().status, 200);
  EXPECT_THAT(sandbox_->Faults(), IsEmpty());
}

TEST_F(ControlTest, TakesTheBodyThatCurlSendsAsAForm) {
  const Answer answer =
      client_->Send("POST", "/_sandbox/faults", {}, R"({"status": 503, "body": "a=b&c"})",
                    "application/x-www-form-urlencoded");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(List().body, "a=b&c");
}

TEST_F(ControlTest, AFaultOfCountMinusOneStrikesUntilCleared) {
  Control("POST", "/faults", R"({"provider":"openapply","status":500,"count":-1})");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(List().status, 500);
  EXPECT_EQ(Control("DELETE", "/faults").status, 204);
  EXPECT_EQ(List().status, 200);
}

TEST_F(ControlTest, AFaultStrikesOnlyItsProviderAndPathAfterThoseThatItSkips) {
  Control(
      "POST", "/faults",
      R"({"provider":"openapply","path_contains":"/api/v3/reenrollments?page=2","status":500,"skip":1})");
  EXPECT_EQ(Send("GET", "/class_enrollment/api/2.0/GetClassEnrollment/10").status, 200);
  EXPECT_EQ(Send("GET", "/openapply/api/v3/reenrollments?page=1").status, 200);
  EXPECT_EQ(Send("GET", "/openapply/api/v3/reenrollments?page=2").status, 200);
  EXPECT_EQ(Send("GET", "/openapply/api/v3/reenrollments?page=2").status, 500);
  EXPECT_EQ(Send("GET", "/openapply/api/v3/reenrollments?page=2").status, 200);
}

TEST_F(ControlTest, FaultsStrikeInTheOrderInWhichTheyWereAdded) {
  Control("POST", "/faults", R"({"provider":"openapply","status":500})");
  Control("POST", "/faults", R"({"provider":"openapply","status":502})");
  EXPECT_EQ(List().status, 500);
  EXPECT_EQ(List().status, 502);
}

TEST_F(ControlTest, AFaultWithAStatusKeepsAWriteFromTakingEffectUnlessApplied) {
  const std::string target = "/openapply/api/v3/reenrollments/59";
  auto grade = [this] {
    return Json::parse(Send("GET", "/openapply/api/v3/students/11/reenrollments")
                           .body)["reenrollments"][0]["grade"]
        .get<int>();
  };
  Control("POST", "/faults", R"({"path_contains":"/59","status":500})");
  EXPECT_EQ(Send("PUT", target, R"({"grade":10})").status, 500);
  EXPECT_EQ(grade(), 9);
  Control("POST", "/faults", R"({"path_contains":"/59","status":400,"applied":true})");
  EXPECT_EQ(Send("PUT", target, R"({"grade":10})").status, 400);
  EXPECT_EQ(grade(), 10);
}

TEST_F(ControlTest, AConnectionDropsBeforeTheResponseAfterTheWriteTookEffect) {
  for (const char* drop : {"before_response", "reset"}) {
    sandbox_->Reset();
    Control("POST", "/faults", absl::StrCat(R"({"path_contains":"/59","drop":")", drop, R"("})"));
    EXPECT_FALSE(Send("PUT", "/openapply/api/v3/reenrollments/59", R"({"grade":12})").received)
        << drop;
    const Json list = Json::parse(Send("GET", "/openapply/api/v3/students/11/reenrollments").body);
    EXPECT_EQ(list["reenrollments"][0]["grade"], 12) << drop;
  }
}

TEST_F(ControlTest, ADropBeforeTheResponseSendsNoByte) {
  Control("POST", "/faults", R"({"provider":"openapply","drop":"before_response"})");
  EXPECT_EQ(Exchange(sandbox_->port(),
                     "GET /openapply/api/v3/reenrollments HTTP/1.1\r\nHost: sandbox\r\n\r\n"),
            "");
}

TEST_F(ControlTest, ADropInMidBodySendsTheHeaderAndHalfOfTheBody) {
  Control("POST", "/faults",
          R"({"provider":"openapply","drop":"mid_body","status":200,"body":"0123456789"})");
  const std::string arrived = Exchange(
      sandbox_->port(), "GET /openapply/api/v3/reenrollments HTTP/1.1\r\nHost: sandbox\r\n\r\n");
  EXPECT_THAT(arrived, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(arrived, ::testing::EndsWith("\r\n\r\n01234"));
  EXPECT_TRUE(List().received);
}

TEST_F(ControlTest, TruncatesAnAnswerThatStaysWellFormed) {
  Control("POST", "/faults", R"({"provider":"openapply","truncate_to":20})");
  const Answer answer = List();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"reenrollments":[{")");
}

TEST_F(ControlTest, DelaysAnAnswer) {
  Control("POST", "/faults", R"({"provider":"openapply","delay_ms":2500})");
  EXPECT_EQ(List().status, 200);
  EXPECT_THAT(slept_, ElementsAre(absl::Milliseconds(2500)));
}

TEST_F(ControlTest, TricklesABodyByteByByte) {
  Control("POST", "/faults", R"({"provider":"openapply","trickle_ms":500,"body":"12345"})");
  EXPECT_EQ(List().body, "12345");
  EXPECT_THAT(slept_, SizeIs(5));
}

TEST_F(ControlTest, ReplacesTheBodyByJsonOrByBytes) {
  Control("POST", "/faults", R"({"provider":"openapply","body":{"Status":0}})");
  EXPECT_EQ(List().body, R"({"Status":0})");
  Control("POST", "/faults",
          R"({"provider":"openapply","body_base64":"/wD+","content_type":"application/zip"})");
  const Answer bytes = List();
  EXPECT_EQ(bytes.body, std::string("\xff\x00\xfe", 3));
  EXPECT_EQ(bytes.content_type, "application/zip");
}

TEST_F(ControlTest, RefusesAFaultThatItDoesNotUnderstandAndNamesTheKey) {
  auto error = [this](const std::string& body) {
    const Answer answer = Control("POST", "/faults", body);
    EXPECT_EQ(answer.status, 400) << body;
    return Json::parse(answer.body)["error"].get<std::string>();
  };
  EXPECT_THAT(error(R"({"satus":500})"), HasSubstr("satus"));
  EXPECT_THAT(error(R"({"status":"500"})"), HasSubstr("status"));
  EXPECT_THAT(error(R"({"status":99})"), HasSubstr("status"));
  EXPECT_THAT(error(R"({"drop":"now"})"), HasSubstr("drop"));
  EXPECT_THAT(error(R"({"provider":"banner"})"), HasSubstr("banner"));
  EXPECT_THAT(error(R"({"count":0})"), HasSubstr("count"));
  EXPECT_THAT(error("[1]"), HasSubstr("object"));
  EXPECT_THAT(sandbox_->Faults(), IsEmpty());
}

TEST_F(ControlTest, ListsFaultsAndRemovesOne) {
  const Json added = Json::parse(Control("POST", "/faults", R"({"status":500,"count":3})").body);
  List();
  const Json faults = Json::parse(Control("GET", "/faults").body)["faults"];
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0]["left"], 2);
  EXPECT_EQ(faults[0]["id"], added["id"]);
  EXPECT_EQ(Control("DELETE", absl::StrCat("/faults/", added["id"].dump())).status, 204);
  EXPECT_EQ(Control("DELETE", absl::StrCat("/faults/", added["id"].dump())).status, 404);
  EXPECT_EQ(List().status, 200);
}

TEST_F(ControlTest, CountsRequestsByRouteAndAuthorizationWithoutCredentials) {
  List();
  client_->Send("GET", "/openapply/api/v3/reenrollments", {{"Authorization", "Bearer stolen-key"}});
  Send("GET", "/openapply/api/v3/students/11/reenrollments");
  Send("GET", "/openapply/api/v3/students/501/reenrollments");
  Send("GET", "/openapply/elsewhere");
  const Answer answer = Control("GET", "/requests");
  EXPECT_THAT(answer.body, Not(HasSubstr("stolen-key")));
  EXPECT_THAT(answer.body, Not(HasSubstr(kOpenApplyToken)));
  const Json requests = Json::parse(answer.body)["requests"];
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(
      requests[0].dump(),
      R"({"provider":"openapply","route":"GET /api/v3/reenrollments","count":2,"authorized":1,)"
      R"("unauthorized":1,"handled":1,"faulted":0})");
  EXPECT_EQ(requests[1]["route"], "GET /api/v3/students/{student_id}/reenrollments");
  EXPECT_EQ(requests[1]["count"], 2);
  EXPECT_EQ(requests[2]["route"], "unmatched");
  const Json recent = Json::parse(answer.body)["recent"];
  ASSERT_EQ(recent.size(), 5u);
  EXPECT_EQ(recent[1].dump(),
            R"({"provider":"openapply","method":"GET","target":"/api/v3/reenrollments",)"
            R"("authorized":false,"status":401})");

  EXPECT_EQ(Control("DELETE", "/requests").status, 204);
  EXPECT_EQ(sandbox_->CountRequests(""), 0);
}

TEST_F(ControlTest, KeepsThePathAsItWasSent) {
  Send("GET", "/openapply/api/v3/students/..%2F..%2Fadmin%3Fa/reenrollments?year=20%2B19");
  const std::vector<SeenRequest> seen = sandbox_->RecentRequests();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].target, "/api/v3/students/..%2F..%2Fadmin%3Fa/reenrollments?year=20%2B19");
  EXPECT_EQ(seen[0].route, "GET /api/v3/students/{student_id}/reenrollments");
  EXPECT_EQ(seen[0].status, 404);
}

TEST_F(ControlTest, SeesAPathWithAnEncodedLineBreakAndALongOne) {
  EXPECT_EQ(Send("GET", "/openapply/api/v3/students/a%0D%0Ab/reenrollments").status, 404);
  EXPECT_EQ(Send("GET", absl::StrCat("/openapply/api/v3/students/", std::string(8000, 'x'),
                                     "/reenrollments"))
                .status,
            404);
  EXPECT_EQ(sandbox_->CountRequests("openapply", "students"), 2);
}

TEST_F(ControlTest, ChangesTheSettingsThatAreNamed) {
  EXPECT_EQ(Control("POST", "/settings", R"({"max_per_page":10})").status, 200);
  EXPECT_EQ(Control("POST", "/settings",
                    R"({"provider":"openapply","rate_limit":{"requests":1,"period_seconds":3600}})")
                .status,
            200);
  EXPECT_EQ(sandbox_->Settings("openapply").max_per_page, 10);
  EXPECT_EQ(sandbox_->Settings("openapply").rate_limit.requests, 1);
  EXPECT_EQ(sandbox_->Settings("class_enrollment").max_per_page, 10);
  EXPECT_EQ(sandbox_->Settings("class_enrollment").rate_limit.requests, 0);
  EXPECT_EQ(List().status, 200);
  EXPECT_EQ(List().status, 429);
  EXPECT_EQ(Control("POST", "/settings", R"({"rate_limit":null})").status, 200);
  EXPECT_EQ(List().status, 200);
  EXPECT_EQ(Control("POST", "/settings", R"({"max_pages":1})").status, 400);
  EXPECT_EQ(Json::parse(Control("GET", "/settings").body)["class_enrollment"]["max_per_page"], 10);
}

TEST_F(ControlTest, TheAddressOfWebhooksIsOneThatTheyCanBeSentToOrNone) {
  const auto tell = [this](const std::string& url) {
    return Control("POST", "/settings",
                   absl::StrCat(R"({"provider":"measureone","webhook_url":")", url, R"("})"))
        .status;
  };
  const std::string right = "http://127.0.0.1:7080/webhooks/m1";
  EXPECT_EQ(tell("https://[::1]:7080/m1"), 200);
  EXPECT_EQ(tell(right), 200);
  for (const char* wrong : {"ftp://127.0.0.1/m1", "127.0.0.1:7080/m1", "http://", "http://:80/m1",
                            "http://127.0.0.1:99999999999/m1", "http://127.0.0.1:x/m1"}) {
    EXPECT_EQ(tell(wrong), 400) << wrong;
  }
  EXPECT_EQ(Control("POST", "/settings", R"({"webhook_url":null})").status, 400);
  EXPECT_EQ(sandbox_->Settings("measureone").webhook_url, right);
  EXPECT_EQ(tell(""), 200);
  EXPECT_EQ(sandbox_->Settings("measureone").webhook_url, "");
}

TEST_F(ControlTest, ResetsEverything) {
  Control("POST", "/settings", R"({"max_per_page":10})");
  Control("POST", "/faults", R"({"status":500,"count":-1})");
  List();
  EXPECT_EQ(Control("POST", "/reset").status, 204);
  EXPECT_EQ(sandbox_->CountRequests(""), 0);
  EXPECT_EQ(Json::parse(List().body)["reenrollments"].size(), 50u);
}

TEST_F(ControlTest, DescribesItself) {
  EXPECT_EQ(Control("GET", "").body, Describe(*sandbox_));
  EXPECT_EQ(Control("GET", "/nothing").status, 404);
}

}  // namespace
}  // namespace edugate::sandbox
