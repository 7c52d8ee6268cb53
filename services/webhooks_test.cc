#include "services/webhooks.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "services/fake_event_log.h"

namespace edugate::services {
namespace {

// A provider whose events are its bodies; `bad` is none.
adapters::Connection Provider(const std::string& id) {
  adapters::Connection connection{.id = id, .provider = "p"};
  connection.ports.read_webhook = [](std::string body) -> absl::StatusOr<adapters::WebhookEvent> {
    if (body == "bad") return absl::InternalError("no event");
    adapters::WebhookEvent event{.dedup_id = body};
    event.event.set_provider_type(body);
    return event;
  };
  return connection;
}

class WebhooksTest : public ::testing::Test {
 protected:
  WebhooksTest() {
    WebhookSource source{.connection = "m1", .max_body_bytes = 100};
    source.for_each_secret = [this](const std::function<void(absl::string_view)>& visit) {
      for (const std::string& secret : secrets_) visit(secret);
    };
    receiver_ = *WebhookReceiver::Create({source}, registry_, log_);
  }

  WebhookAnswer Receive(const std::string& authorization, std::string body = "e1",
                        const std::string& connection = "m1") {
    async::CallContext call(loop_, async::kNever);
    WebhookRequest request{.connection = connection, .body = std::move(body)};
    request.headers = {{"User-Agent", "M1-Webhook/1"}, {"authorization", authorization}};
    return loop_.RunToCompletion(receiver_->Receive(call, std::move(request)));
  }

  async::TestLoop loop_;
  FakeEventLog log_;
  adapters::ConnectionRegistry registry_{{Provider("m1"), {.id = "silent", .provider = "other"}}};
  std::vector<std::string> secrets_ = {"Bearer new", "Bearer old"};
  std::unique_ptr<WebhookReceiver> receiver_;
};

TEST_F(WebhooksTest, EventIsStoredBeforeItIsAcknowledged) {
  EXPECT_EQ(Receive("Bearer new"), WebhookAnswer::kStored);
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(WebhooksTest, BothSecretsAreTakenDuringAChange) {
  EXPECT_EQ(Receive("Bearer old"), WebhookAnswer::kStored);
  secrets_ = {"Bearer new"};
  EXPECT_EQ(Receive("Bearer old", "e2"), WebhookAnswer::kUnauthorized);
}

TEST_F(WebhooksTest, AnyOtherHeaderIsRefused) {
  for (const char* header : {"", "Bearer", "Bearer new ", "bearer new", "Bearer newer"}) {
    EXPECT_EQ(Receive(header), WebhookAnswer::kUnauthorized) << header;
  }
  secrets_ = {""};
  EXPECT_EQ(Receive(""), WebhookAnswer::kUnauthorized);
  EXPECT_EQ(log_.size(), 0u);
}

TEST_F(WebhooksTest, HeaderThatStandsTwiceIsRefused) {
  async::CallContext call(loop_, async::kNever);
  WebhookRequest request{.connection = "m1", .body = "e1"};
  request.headers = {{"Authorization", "Bearer new"}, {"authorization", "Bearer new"}};
  EXPECT_EQ(loop_.RunToCompletion(receiver_->Receive(call, std::move(request))),
            WebhookAnswer::kUnauthorized);
  EXPECT_EQ(Receive("Bearer new"), WebhookAnswer::kStored);
}

TEST_F(WebhooksTest, SecondDeliveryIsAcknowledgedAndStoredOnce) {
  EXPECT_EQ(Receive("Bearer new"), WebhookAnswer::kStored);
  EXPECT_EQ(Receive("Bearer new"), WebhookAnswer::kStored);
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(WebhooksTest, NothingIsAcknowledgedThatIsNotStored) {
  log_.failure = absl::UnavailableError("disk full");
  EXPECT_EQ(Receive("Bearer new"), WebhookAnswer::kUnavailable);
}

TEST_F(WebhooksTest, BodiesAreBoundedAndRead) {
  EXPECT_EQ(Receive("Bearer new", std::string(101, 'x')), WebhookAnswer::kTooLarge);
  EXPECT_EQ(Receive("Bearer new", "bad"), WebhookAnswer::kUnreadable);
  EXPECT_EQ(receiver_->max_body_bytes(), 100u);
}

TEST_F(WebhooksTest, OtherConnectionsTakeNone) {
  EXPECT_EQ(Receive("Bearer new", "e1", "silent"), WebhookAnswer::kUnknown);
  EXPECT_EQ(Receive("Bearer new", "e1", "nobody"), WebhookAnswer::kUnknown);
  EXPECT_TRUE(receiver_->Takes("m1"));
  EXPECT_FALSE(receiver_->Takes("silent"));
  EXPECT_FALSE(
      WebhookReceiver::Create({WebhookSource{.connection = "silent"}}, registry_, log_).ok());
}

}  // namespace
}  // namespace edugate::services
