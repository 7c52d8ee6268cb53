// A store that can't be written, or reached: writes are refused before the provider hears of them,
// reads go on, webhooks are sent again, and everything recovers by itself.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/store/redis_server.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/ledger_provider.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

class StoreFaultTest : public ::testing::Test {
 protected:
  StoreFaultTest() {
    provider_.Accept({"token"});
    token_ = folder_.Write("token", "token");
  }

  std::string Config(const std::string& state) const {
    return folder_.Write("edugate.yaml",
                         absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"), state,
                                      "connections:\n", provider_.WriteConnection(),
                                      provider_.ReadConnection(token_), WebhookConnection()));
  }

  // Enrolls one learner, once for each number.
  Failure Write(ServedProgram& program, int number) const {
    v1::BulkEnrollRequest request;
    request.set_parent("connections/ledger");
    request.add_learner_emails(absl::StrCat("learner", number, "@example.org"));
    request.add_course_run_keys("course-v1:edX+DemoX+2T2027");
    request.set_request_id(absl::StrCat("00000000-0000-4000-8000-", 100'000'000'000 + number));
    v1::BulkEnrollResponse response;
    const auto context = Context();
    const grpc::Status status = program.enrollments().BulkEnroll(context.get(), request, &response);
    return FailureOf(status, *context);
  }

  bool Read(ServedProgram& program) const {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/reads");
    v1::ListEnrollmentsResponse page;
    return program.enrollments().ListEnrollments(Context().get(), request, &page).ok();
  }

  // What holds while the store is of no use, and after `mend`.
  void ExpectRefusalUntilMended(ServedProgram& program, const std::function<void()>& harm,
                                const std::function<void()>& mend) {
    EXPECT_EQ(Write(program, 1).code, grpc::StatusCode::OK);
    EXPECT_EQ(program.SendWebhook("trc_before"), 200);
    const int64_t effects = provider_.effects();
    harm();
    const Failure refused = Write(program, 2);
    EXPECT_EQ(refused.code, grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(refused.reason, "STORE_UNAVAILABLE");
    EXPECT_EQ(provider_.effects(), effects) << "the provider has heard of it";
    EXPECT_EQ(program.SendWebhook("trc_during"), 503);
    EXPECT_TRUE(Read(program));
    EXPECT_EQ(program.Status("/readyz"), 200);
    mend();
    Failure now = refused;
    EXPECT_TRUE(Eventually([&] {
      now = Write(program, 2);
      return now.code == grpc::StatusCode::OK;
    })) << now.reason;
    EXPECT_EQ(provider_.EffectsOf("learner2@example.org"), 1);
    EXPECT_EQ(program.SendWebhook("trc_after"), 200);
    ExpectEvents(program, {"trc_before", "trc_after"});
  }

  // The stored events, in their order.
  static void ExpectEvents(ServedProgram& program, const std::vector<std::string>& transcripts) {
    const auto context = Context();
    const auto reader = program.Watch(*context);
    for (const std::string& each : transcripts) {
      v1::TranscriptEvent event;
      ASSERT_TRUE(reader->Read(&event)) << each;
      EXPECT_EQ(event.transcript(), "connections/m1/transcripts/" + each);
    }
    context->TryCancel();
    reader->Finish();
  }

  TemporaryFolder folder_;
  LedgerProvider provider_;
  std::string token_;
};

TEST_F(StoreFaultTest, AFullDisk) {
  ServedProgram program(
      Config(absl::StrCat("state: { sqlite: { path: ", folder_.path(), "/state.sqlite } }\n")));
  // No file may grow: a write fails as it does where there is no space.
  const auto limit = [&](rlim_t bytes) {
    rlimit files{};
    ASSERT_EQ(prlimit(program.process().pid(), RLIMIT_FSIZE, nullptr, &files), 0);
    files.rlim_cur = std::min(bytes, files.rlim_max);
    ASSERT_EQ(prlimit(program.process().pid(), RLIMIT_FSIZE, &files, nullptr), 0);
  };
  ExpectRefusalUntilMended(program, [&] { limit(1); }, [&] { limit(RLIM_INFINITY); });
}

TEST_F(StoreFaultTest, ARedisServerThatIsKilled) {
  store::RedisServer redis(folder_.path());
  ServedProgram program(
      Config(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n")));
  ExpectRefusalUntilMended(program, [&] { redis.Kill(); }, [&] { redis.Start(); });
  const Ended ended = program.Stop(SIGTERM);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("the store can't be used"), std::string::npos);
  EXPECT_NE(ended.err.find("the store can be used again"), std::string::npos);
}

TEST_F(StoreFaultTest, AServerStartsWithoutRedisAndUsesItWhenItComes) {
  store::RedisServer redis(folder_.path());
  redis.Kill();
  ServedProgram program(
      Config(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n")));
  EXPECT_TRUE(Read(program));
  EXPECT_EQ(Write(program, 1).reason, "STORE_UNAVAILABLE");
  redis.Start();
  EXPECT_TRUE(Eventually([&] { return Write(program, 1).code == grpc::StatusCode::OK; }));
}

TEST_F(StoreFaultTest, AnEventOfOneReplicaReachesAWatcherOfAnother) {
  store::RedisServer redis(folder_.path());
  const std::string config =
      Config(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n"));
  ServedProgram one(config);
  ServedProgram two(config);
  EXPECT_EQ(one.SendWebhook("trc_1"), 200);
  EXPECT_EQ(two.SendWebhook("trc_2"), 200);
  ExpectEvents(two, {"trc_1", "trc_2"});
  // What one has done, the other knows.
  EXPECT_EQ(Write(one, 7).code, grpc::StatusCode::OK);
  EXPECT_EQ(Write(two, 7).code, grpc::StatusCode::OK);
  EXPECT_EQ(provider_.EffectsOf("learner7@example.org"), 1);
}

TEST_F(StoreFaultTest, ReplicasShareARate) {
  store::RedisServer redis(folder_.path());
  const std::string config = folder_.Write(
      "edugate.yaml",
      absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"), "state: { redis: { address: \"",
                   redis.tcp_address(),
                   "\" } }\nrate_limits: [ { name: openapply, rate: { per_second: 0.01, burst: 6 } "
                   "} ]\nconnections:\n",
                   provider_.ReadConnection(token_),
                   "    rate_limit: { shared: openapply }\n    coalesce: false\n"));
  ServedProgram one(config);
  ServedProgram two(config);
  int answered = 0;
  for (int i = 0; i < 10; ++i) answered += Read(i % 2 == 0 ? one : two) ? 1 : 0;
  EXPECT_EQ(answered, 6);
}

TEST_F(StoreFaultTest, OneOfFiftyCallsWithOneIdAtTwoReplicasIsCarriedOut) {
  store::RedisServer redis(folder_.path());
  const std::string config =
      Config(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n"));
  ServedProgram one(config);
  ServedProgram two(config);
  provider_.SetPause(absl::Milliseconds(50));
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&, i] {
      const Failure failure = Write(i % 2 == 0 ? one : two, 9);
      if (failure.code == grpc::StatusCode::OK) {
        ++done;
      } else {
        EXPECT_EQ(failure.code, grpc::StatusCode::ABORTED) << failure.reason;
      }
    });
  }
  for (std::thread& each : callers) each.join();
  EXPECT_GE(done, 1);
  EXPECT_EQ(provider_.EffectsOf("learner9@example.org"), 1);
}

TEST_F(StoreFaultTest, KillingRedisInABurstLosesNoAcknowledgedEvent) {
  store::RedisServer redis(folder_.path());
  ServedProgram program(
      Config(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n")));
  constexpr int kSenders = 6;
  std::atomic<bool> done = false;
  std::atomic<int> acknowledged = 0;
  std::atomic<int> refused = 0;
  std::mutex mutex;
  std::set<std::string> kept;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; !done; ++i) {
        const std::string transcript = absl::StrCat("trc_", sender, "_", i);
        if (program.SendWebhook(transcript) != 200) {
          ++refused;
          continue;
        }
        ++acknowledged;
        const std::lock_guard<std::mutex> lock(mutex);
        kept.insert("connections/m1/transcripts/" + transcript);
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return acknowledged > 100; }));
  redis.Kill();
  EXPECT_TRUE(Eventually([&] { return refused > 0; }));
  redis.Start();
  const int before = acknowledged;
  EXPECT_TRUE(Eventually([&] { return acknowledged > before + 100; }));
  done = true;
  for (std::thread& each : senders) each.join();
  std::printf("Redis killed in a burst: %d events acknowledged, %d refused\n", acknowledged.load(),
              refused.load());
  const auto context = Context();
  const auto reader = program.Watch(*context);
  for (v1::TranscriptEvent event; !kept.empty() && reader->Read(&event);) {
    kept.erase(event.transcript());
  }
  EXPECT_TRUE(kept.empty()) << kept.size() << " acknowledged events are lost";
  context->TryCancel();
  reader->Finish();
}

}  // namespace
}  // namespace edugate::end_to_end
