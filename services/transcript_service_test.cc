#include "services/transcript_service.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/fake_event_log.h"
#include "services/service_fixture.h"
#include "services/webhooks.h"

namespace edugate::services {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Takes so many events and is gone then.
class Watcher final : public StreamWriter<v1::TranscriptEvent> {
 public:
  explicit Watcher(size_t wanted) : wanted_(wanted) {}

  async::Task<absl::Status> Write(v1::TranscriptEvent event) override {
    events.push_back(std::move(event));
    if (events.size() == wanted_) co_return errors::Cancelled({});
    co_return absl::OkStatus();
  }

  std::vector<v1::TranscriptEvent> events;

 private:
  const size_t wanted_;
};

class TranscriptEventsTest : public ServiceFixture {
 protected:
  TranscriptEventsTest() {
    adapters::Connection takes{.id = "m1", .provider = "measureone"};
    takes.ports.read_webhook = [](std::string) -> absl::StatusOr<adapters::WebhookEvent> {
      return absl::InternalError("not used");
    };
    adapters::Connection unset = takes;
    unset.id = "m2";
    adapters::Connection other{.id = "lincoln", .provider = "openapply"};
    Configure({takes, unset, other});
    WebhookSource source{.connection = "m1"};
    source.for_each_secret = [](const std::function<void(absl::string_view)>&) {};
    receiver_ = *WebhookReceiver::Create({source}, *registry_, log_);
  }

  void Store(const std::string& word) {
    v1::TranscriptEvent event;
    event.set_provider_type(word);
    event.mutable_provider_record()->set_type_url("x");
    async::CallContext call(loop_, async::kNever);
    ASSERT_TRUE(loop_
                    .RunToCompletion(log_.Append(call, TranscriptEventTopic("m1"), word,
                                                 event.SerializeAsString(), absl::UnixEpoch()))
                    .ok());
  }

  absl::Status Watch(const std::string& parent, const std::string& token, size_t wanted,
                     std::vector<v1::TranscriptEvent>& seen, v1::View view = v1::VIEW_BASIC) {
    ServiceParts with = parts();
    with.events = &log_;
    with.webhooks = receiver_.get();
    TranscriptHandlers handlers(with);
    v1::WatchTranscriptEventsRequest request;
    request.set_parent(parent);
    request.set_resume_token(token);
    request.set_view(view);
    auto call = Call("TranscriptService.WatchTranscriptEvents");
    Watcher watcher(wanted);
    absl::Status status =
        loop_.RunToCompletion(handlers.WatchTranscriptEvents(*call, request, watcher));
    seen = std::move(watcher.events);
    return status;
  }

  FakeEventLog log_;
  std::unique_ptr<WebhookReceiver> receiver_;
};

TEST_F(TranscriptEventsTest, AreSentInOrderAndResumeAfterAToken) {
  Store("a");
  Store("b");
  Store("c");
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", "", 2, seen)));
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].provider_type(), "a");
  EXPECT_EQ(seen[1].provider_type(), "b");
  EXPECT_EQ(seen[1].event_id(), "2");
  EXPECT_FALSE(seen[1].has_provider_record());

  std::vector<v1::TranscriptEvent> rest;
  EXPECT_TRUE(
      absl::IsCancelled(Watch("connections/m1", seen[0].resume_token(), 2, rest, v1::VIEW_FULL)));
  ASSERT_THAT(rest, SizeIs(2));
  EXPECT_EQ(rest[0].provider_type(), "b");
  EXPECT_EQ(rest[0].event_id(), seen[1].event_id());
  EXPECT_TRUE(rest[0].has_provider_record());
}

TEST_F(TranscriptEventsTest, TokenAfterWhichEventsAreGoneIsRefused) {
  for (const char* word : {"a", "b", "c", "d"}) Store(word);
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", "", 2, seen)));
  ASSERT_THAT(seen, SizeIs(2));
  // The next one is there: nothing is lost to who has seen `b`.
  log_.Purge(2);
  std::vector<v1::TranscriptEvent> rest;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", seen[1].resume_token(), 2, rest)));
  ASSERT_THAT(rest, SizeIs(2));
  EXPECT_EQ(rest[0].provider_type(), "c");

  log_.Purge(3);
  const absl::Status lost = Watch("connections/m1", seen[1].resume_token(), 1, rest);
  EXPECT_EQ(errors::ReasonOf(lost), v1::ERROR_REASON_RESUME_TOKEN_INVALID) << lost;
  EXPECT_THAT(rest, IsEmpty());
  // Without a token it goes on with what is left.
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", "", 1, rest)));
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].provider_type(), "d");
}

TEST_F(TranscriptEventsTest, TokenOfALogThatIsLostGetsAllThatTheNextOneHas) {
  for (const char* word : {"a", "b", "c"}) Store(word);
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", "", 3, seen)));
  ASSERT_THAT(seen, SizeIs(3));
  log_.Lose();
  Store("new");
  std::vector<v1::TranscriptEvent> rest;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", seen[2].resume_token(), 1, rest)));
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].provider_type(), "new");
}

TEST_F(TranscriptEventsTest, TokenOfAnotherConnectionOrNoneIsRefused) {
  Store("a");
  Store("b");
  const auto token_of = [this](const std::string& connection) {
    v1::WatchTranscriptEventsRequest request;
    request.set_parent(connection);
    return *sealer_.Seal(PageState{"1", 0},
                         {.caller = "",
                          .method = "TranscriptService.WatchTranscriptEvents",
                          .query_digest = QueryDigest(request)},
                         loop_.clock().WallNow());
  };
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_TRUE(absl::IsCancelled(Watch("connections/m1", token_of("connections/m1"), 1, seen)));
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].provider_type(), "b");
  for (const std::string& token : {token_of("connections/m2"), std::string("made-up")}) {
    const absl::Status status = Watch("connections/m1", token, 1, seen);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_RESUME_TOKEN_INVALID) << status;
    EXPECT_THAT(seen, IsEmpty());
  }
}

TEST_F(TranscriptEventsTest, NeedWebhooks) {
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_EQ(errors::ReasonOf(Watch("connections/m2", "", 1, seen)),
            v1::ERROR_REASON_CONNECTION_MISCONFIGURED);
  EXPECT_EQ(errors::ReasonOf(Watch("connections/lincoln", "", 1, seen)),
            v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
  EXPECT_EQ(errors::ReasonOf(Watch("connections/nobody", "", 1, seen)),
            v1::ERROR_REASON_CONNECTION_UNKNOWN);
}

TEST_F(TranscriptEventsTest, StoreThatFailsEndsTheWatch) {
  log_.failure = errors::StoreUnavailable("disk");
  std::vector<v1::TranscriptEvent> seen;
  EXPECT_EQ(errors::ReasonOf(Watch("connections/m1", "", 1, seen)),
            v1::ERROR_REASON_STORE_UNAVAILABLE);
}

}  // namespace
}  // namespace edugate::services
