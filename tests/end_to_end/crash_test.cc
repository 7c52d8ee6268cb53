// kill -9 with writes in flight: nothing is done twice, and nothing that was answered OK is lost.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/store/redis_server.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/ledger_provider.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

// A write and what its callers were told.
struct Write {
  v1::BulkEnrollRequest request;
  v1::BulkEnrollResponse response;
  std::unique_ptr<grpc::ClientContext> context;
  grpc::Status status;
  Failure failure;
  std::atomic<bool> ended{false};
  bool was_ok = false;
};

class CrashTest : public ::testing::Test {
 protected:
  std::string Config(const std::string& state) const {
    return folder_.Write("edugate.yaml",
                         absl::StrCat(ServerYaml("127.0.0.1:0",
                                                 "  insecure: true\n"
                                                 "  max_streams_per_connection: 1000\n"),
                                      state, "connections:\n", provider_.WriteConnection()));
  }

  static std::string EmailOf(size_t i) { return absl::StrCat("learner", i, "@example.org"); }

  void Start(ServedProgram& program, Write& write) {
    write.context = Context(absl::Seconds(30));
    write.ended = false;
    program.enrollments().async()->BulkEnroll(write.context.get(), &write.request, &write.response,
                                              [this, &write](grpc::Status status) {
                                                write.status = status;
                                                write.failure = FailureOf(status, *write.context);
                                                write.was_ok |= status.ok();
                                                if (status.ok()) ++ok_;
                                                write.ended = true;
                                              });
  }

  static void Await(const Write& write) {
    while (!write.ended) absl::SleepFor(absl::Milliseconds(1));
  }

  // Kills a server with `count` writes in flight and asks its successor about each.
  void KillInTheMiddle(const std::string& state, const char* what) {
    constexpr size_t kWrites = 500;
    provider_.SetPause(absl::Milliseconds(20));
    // However late the kill comes, most have no answer by then.
    provider_.AnswerOnly(100);
    const std::string file = Config(state);
    std::vector<Write> writes(kWrites);
    {
      ServedProgram program(file);
      for (size_t i = 0; i < kWrites; ++i) {
        v1::BulkEnrollRequest& request = writes[i].request;
        request.set_parent("connections/ledger");
        request.add_learner_emails(EmailOf(i));
        request.add_course_run_keys("course-v1:edX+DemoX+2T2027");
        request.set_request_id(absl::StrCat("00000000-0000-4000-8000-", 100'000'000'000 + i));
      }
      for (Write& write : writes) Start(program, write);
      EXPECT_TRUE(Eventually([&] { return ok_ >= 50; }));
      program.Stop(SIGKILL);
      provider_.Release();
      for (const Write& write : writes) Await(write);
    }
    const int64_t before = provider_.effects();
    size_t first_ok = 0;
    for (const Write& write : writes) first_ok += write.was_ok ? 1 : 0;
    ServedProgram program(file);
    for (Write& write : writes) {
      do {
        Start(program, write);
        Await(write);
        // A replica of the killed process would still count as living for a moment.
      } while (write.failure.reason == "REQUEST_IN_PROGRESS");
    }
    size_t unknown = 0;
    for (size_t i = 0; i < kWrites; ++i) {
      const int effects = provider_.EffectsOf(EmailOf(i));
      EXPECT_LE(effects, 1) << i;
      if (writes[i].was_ok) EXPECT_EQ(effects, 1) << i;
      if (writes[i].was_ok || writes[i].status.ok()) {
        EXPECT_TRUE(writes[i].status.ok())
            << i << ": answered OK before, and now " << writes[i].status.error_message();
      } else {
        EXPECT_EQ(writes[i].failure.reason, "WRITE_OUTCOME_UNKNOWN") << i;
        ++unknown;
      }
    }
    std::printf(
        "%s: %zu writes, %zu answered OK and %ld done before the kill; after it %zu of unknown "
        "outcome, %ld done in all, none twice\n",
        what, kWrites, first_ok, static_cast<long>(before), unknown,
        static_cast<long>(provider_.effects()));
    EXPECT_LT(first_ok, kWrites) << "the kill came too late to show anything";
  }

  TemporaryFolder folder_;
  LedgerProvider provider_;
  std::atomic<int> ok_{0};
};

TEST_F(CrashTest, NoWriteIsDoneTwiceOrLostWithSqlite) {
  KillInTheMiddle(absl::StrCat("state: { sqlite: { path: ", folder_.path(), "/state.sqlite } }\n"),
                  "SQLite");
}

TEST_F(CrashTest, NoWriteIsDoneTwiceOrLostWithRedis) {
  store::RedisServer redis(folder_.path());
  KillInTheMiddle(absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n"),
                  "Redis");
}

}  // namespace
}  // namespace edugate::end_to_end
