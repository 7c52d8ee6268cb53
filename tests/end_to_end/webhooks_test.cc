// Webhooks that meet a server which is killed: what was acknowledged is delivered.

#include <httplib.h>

#include <atomic>
#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "edugate/v1/transcript_service.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

constexpr int kSenders = 8;
constexpr int kEventsOfASender = 125;
constexpr int kEvents = kSenders * kEventsOfASender;
// The server is killed when so many have been acknowledged.
constexpr int kAcknowledgedBeforeTheKill = 300;
constexpr size_t kSeenBeforeTheKill = 100;
constexpr int kOk = 200;

// A webhook on its way.
struct Sent {
  std::string transcript;
  absl::Time sent = absl::InfiniteFuture();
  absl::Time acknowledged = absl::InfiniteFuture();
};

// A server as a process of its own, with a file as its store.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& config_file)
      : process_(Process::Start({EDUGATE_PROGRAM, "serve", "--config", config_file})),
        address_(process_->AwaitLine("edugate: listening on ")),
        admin_address_(process_->AwaitLine("edugate: admin on ")) {
    EXPECT_NE(admin_address_, "");
    transcripts_ = v1::TranscriptService::NewStub(
        grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  }

  void Kill() {
    process_->Signal(SIGKILL);
    EXPECT_EQ(process_->Wait().exit_code, 128 + SIGKILL);
  }

  // Sends a webhook; whether the server has answered that it keeps it.
  bool Send(httplib::Client& client, const std::string& transcript) const {
    const auto answer = client.Post(
        "/webhooks/m1", {{"Authorization", sandbox::kMeasureOneWebhookSecret}},
        absl::StrCat(R"({"transcript_id":")", transcript, R"(","event":"transcript.processed"})"),
        "application/json");
    return answer && answer->status == kOk;
  }

  httplib::Client Sender() const { return httplib::Client("http://" + admin_address_); }

  // The events behind the token, up to the first at which `enough` holds.
  std::vector<v1::TranscriptEvent> Watch(
      const std::string& resume_token,
      const std::function<bool(const v1::TranscriptEvent&)>& enough) const {
    v1::WatchTranscriptEventsRequest request;
    request.set_parent("connections/m1");
    request.set_resume_token(resume_token);
    const auto context = Context();
    const auto reader = transcripts_->WatchTranscriptEvents(context.get(), request);
    std::vector<v1::TranscriptEvent> events;
    v1::TranscriptEvent event;
    while (reader->Read(&event)) {
      events.push_back(event);
      if (enough(event)) break;
    }
    context->TryCancel();
    reader->Finish();
    return events;
  }

  // The events behind the token until all of `awaited` have come.
  std::vector<v1::TranscriptEvent> WatchFor(std::set<std::string> awaited,
                                            const std::string& resume_token) const {
    return Watch(resume_token, [&](const v1::TranscriptEvent& event) {
      awaited.erase(event.transcript());
      return awaited.empty();
    });
  }

 private:
  std::unique_ptr<Process> process_;
  std::string address_;
  std::string admin_address_;
  std::unique_ptr<v1::TranscriptService::Stub> transcripts_;
};

int64_t NumberOf(const v1::TranscriptEvent& event) {
  int64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(event.event_id(), &number)) << event.event_id();
  return number;
}

class WebhookTest : public ::testing::Test {
 protected:
  WebhookTest()
      : file_(folder_.Write(
            "edugate.yaml",
            absl::StrCat(
                "server:\n  listen: 127.0.0.1:0\n  admin_listen: 127.0.0.1:0\n  insecure: true\n"
                "  page_token_key: { value: a key for tests alone and longer than 32 bytes }\n"
                "state: { sqlite: { path: ",
                folder_.path(),
                "/state.sqlite } }\nconnections:\n  - id: m1\n    provider: measureone\n"
                "    base_url: http://127.0.0.1:9/measureone\n"
                "    auth: { bearer: { value: unused } }\n"
                "    webhook: { secrets: [ { value: \"",
                sandbox::kMeasureOneWebhookSecret, "\" } ] }\n"))) {
    for (int sender = 0; sender < kSenders; ++sender) {
      for (int i = 0; i < kEventsOfASender; ++i) {
        sent_[sender].push_back({.transcript = absl::StrCat("trc_", sender, "_", i)});
      }
    }
  }

  // Each sender sends its events one after the other and stops where one isn't acknowledged.
  void Burst(const ServerProcess& server) {
    std::vector<std::thread> senders;
    for (int sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([&, sender] {
        httplib::Client client = server.Sender();
        client.set_keep_alive(true);
        for (Sent& each : sent_[sender]) {
          each.sent = absl::Now();
          if (!server.Send(client, each.transcript)) return;
          each.acknowledged = absl::Now();
          ++acknowledged_;
        }
      });
    }
    kill_ready_ = Eventually([&] { return acknowledged_ >= kAcknowledgedBeforeTheKill; });
    kill_();
    for (std::thread& each : senders) each.join();
  }

  std::set<std::string> Acknowledged() const {
    std::set<std::string> names;
    for (const auto& of_sender : sent_) {
      for (const Sent& each : of_sender) {
        if (each.acknowledged < absl::InfiniteFuture()) {
          names.insert("connections/m1/transcripts/" + each.transcript);
        }
      }
    }
    return names;
  }

  TemporaryFolder folder_;
  const std::string file_;
  std::array<std::vector<Sent>, kSenders> sent_;
  std::atomic<int> acknowledged_{0};
  bool kill_ready_ = false;
  std::function<void()> kill_;
};

TEST_F(WebhookTest, EveryAcknowledgedEventIsDeliveredInOrderAfterAKill) {
  auto server = std::make_unique<ServerProcess>(file_);
  // A watcher that has seen some when the server dies, and goes on where it was.
  std::vector<v1::TranscriptEvent> before;
  kill_ = [&] {
    size_t left = kSeenBeforeTheKill;
    before = server->Watch("", [&](const v1::TranscriptEvent&) { return --left == 0; });
    server->Kill();
  };
  Burst(*server);
  ASSERT_TRUE(kill_ready_);
  ASSERT_LT(acknowledged_.load(), kEvents) << "the burst was over before the kill";
  ASSERT_EQ(before.size(), kSeenBeforeTheKill);

  server = std::make_unique<ServerProcess>(file_);
  const std::set<std::string> acknowledged = Acknowledged();
  std::set<std::string> awaited = acknowledged;
  for (const v1::TranscriptEvent& each : before) awaited.erase(each.transcript());
  std::vector<v1::TranscriptEvent> events = server->WatchFor(awaited, before.back().resume_token());
  events.insert(events.begin(), before.begin(), before.end());
  std::set<std::string> delivered;
  for (const v1::TranscriptEvent& each : events) delivered.insert(each.transcript());
  for (const std::string& each : acknowledged) {
    EXPECT_TRUE(delivered.contains(each)) << each << " was acknowledged and is gone";
  }
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_LT(NumberOf(events[i - 1]), NumberOf(events[i]));
  }
  // What was acknowledged before another one was sent comes before it.
  std::map<std::string, Sent> by_name;
  for (const auto& of_sender : sent_) {
    for (const Sent& each : of_sender) {
      by_name["connections/m1/transcripts/" + each.transcript] = each;
    }
  }
  absl::Time first_acknowledged_later = absl::InfiniteFuture();
  for (size_t i = events.size(); i-- > 0;) {
    const Sent& each = by_name[events[i].transcript()];
    EXPECT_GE(first_acknowledged_later, each.sent) << events[i].transcript();
    first_acknowledged_later = std::min(first_acknowledged_later, each.acknowledged);
  }

  // The senders try again what wasn't acknowledged. In the end everything is there, once.
  httplib::Client client = server->Sender();
  for (auto& of_sender : sent_) {
    for (const Sent& each : of_sender) {
      if (each.acknowledged == absl::InfiniteFuture()) {
        ASSERT_TRUE(server->Send(client, each.transcript)) << each.transcript;
      }
    }
  }
  std::set<std::string> all;
  for (const auto& [name, each] : by_name) all.insert(name);
  EXPECT_EQ(server->WatchFor(all, "").size(), static_cast<size_t>(kEvents));
  std::printf("acknowledged before the kill: %zu of %d; delivered: %zu\n", acknowledged.size(),
              kEvents, events.size());
}

}  // namespace
}  // namespace edugate::end_to_end
