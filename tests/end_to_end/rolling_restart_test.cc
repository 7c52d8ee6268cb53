// Three replicas are restarted one after the other, and change their secret and their certificate,
// under load: no call fails.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/store/redis_server.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/ledger_provider.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

constexpr int kReplicas = 3;
constexpr int kCallers = 6;

// A port that was free just now.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

std::string Text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

class RollingRestartTest : public ::testing::Test {
 protected:
  RollingRestartTest() {
    provider_.Accept({"first"});
    token_ = folder_.Write("token", "first");
    for (int i = 0; i < kReplicas; ++i) ports_.push_back(FreePort());
  }

  ~RollingRestartTest() override { StopLoad(); }

  // Starts the replicas; `more` lines below `server:`, and where they keep their state.
  void StartReplicas(const std::string& more, const std::string& state = "") {
    for (int i = 0; i < kReplicas; ++i) {
      files_.push_back(
          folder_.Write(absl::StrCat("replica", i, ".yaml"),
                        absl::StrCat(ServerYaml(absl::StrCat("127.0.0.1:", ports_[i]), more), state,
                                     "connections:\n", provider_.ReadConnection(token_),
                                     provider_.WriteConnection())));
      replicas_.push_back(std::make_unique<ServedProgram>(files_[i]));
    }
  }

  void Restart(int replica) {
    const Ended ended = replicas_[replica]->Stop(SIGTERM);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    replicas_[replica] = std::make_unique<ServedProgram>(files_[replica]);
  }

  // Callers with the published service config, each with a channel of its own.
  void StartLoad(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    std::vector<std::string> addresses;
    for (int port : ports_) addresses.push_back(absl::StrCat("127.0.0.1:", port));
    grpc::ChannelArguments arguments;
    arguments.SetServiceConfigJSON(Text(EDUGATE_SOURCE_DIR "/deploy/service_config.json"));
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetSslTargetNameOverride("localhost");
    const std::string target = absl::StrCat("ipv4:", absl::StrJoin(addresses, ","));
    for (int i = 0; i < kCallers; ++i) {
      callers_.emplace_back([this, credentials, arguments, target] {
        const auto stub = v1::EnrollmentService::NewStub(
            grpc::CreateCustomChannel(target, credentials, arguments));
        while (!done_) Call(*stub);
      });
    }
    AwaitCalls();
  }

  void StopLoad() {
    done_ = true;
    for (std::thread& each : callers_) each.join();
    callers_.clear();
  }

  // Waits until every caller can have made some more calls.
  void AwaitCalls() {
    const int until = calls_ + 50 * kCallers;
    EXPECT_TRUE(Eventually([&] { return calls_ >= until; }));
  }

  void Call(v1::EnrollmentService::Stub& stub) {
    v1::ListEnrollmentsRequest request;
    request.set_parent("connections/reads");
    v1::ListEnrollmentsResponse page;
    const grpc::Status status = stub.ListEnrollments(Context().get(), request, &page);
    ++calls_;
    if (status.ok()) return;
    ++failed_;
    const std::lock_guard<std::mutex> lock(mutex_);
    ++failures_[absl::StrCat(status.error_code(), " ", status.error_message())];
  }

  void ExpectNoFailure(const char* what) {
    StopLoad();
    std::printf("%s: %d calls, %d failed\n", what, calls_.load(), failed_.load());
    for (const auto& [failure, count] : failures_) {
      ADD_FAILURE() << count << " times: " << failure;
    }
    EXPECT_EQ(failed_, 0);
  }

  TemporaryFolder folder_;
  LedgerProvider provider_;
  std::string token_;
  std::vector<int> ports_;
  std::vector<std::string> files_;
  std::vector<std::unique_ptr<ServedProgram>> replicas_;
  std::atomic<bool> done_{false};
  std::atomic<int> calls_{0};
  std::atomic<int> failed_{0};
  std::mutex mutex_;
  std::map<std::string, int> failures_;  // Under the mutex.
  std::vector<std::thread> callers_;
};

// More rounds: EDUGATE_ROLLING_RESTARTS=10.
TEST_F(RollingRestartTest, NoCallFails) {
  StartReplicas("  insecure: true\n");
  StartLoad(grpc::InsecureChannelCredentials());
  const int rounds = SizeOf("EDUGATE_ROLLING_RESTARTS", 1);
  for (int round = 0; round < rounds; ++round) {
    for (int replica = 0; replica < kReplicas; ++replica) {
      Restart(replica);
      AwaitCalls();
    }
  }
  ExpectNoFailure(absl::StrCat(rounds * kReplicas, " restarts").c_str());
}

// The service config sends no write a second time. Its caller does, with the same request_id.
TEST_F(RollingRestartTest, EveryWriteIsDoneOnce) {
  store::RedisServer redis(folder_.path());
  StartReplicas("  insecure: true\n",
                absl::StrCat("state: { redis: { address: \"", redis.tcp_address(), "\" } }\n"));
  std::vector<std::string> addresses;
  for (int port : ports_) addresses.push_back(absl::StrCat("127.0.0.1:", port));
  const std::string target = absl::StrCat("ipv4:", absl::StrJoin(addresses, ","));
  std::atomic<bool> restarted = false;
  std::atomic<int> again = 0;
  std::vector<std::thread> writers;
  std::array<int, kCallers> written{};
  for (int writer = 0; writer < kCallers; ++writer) {
    writers.emplace_back([&, writer] {
      grpc::ChannelArguments arguments;
      arguments.SetServiceConfigJSON(Text(EDUGATE_SOURCE_DIR "/deploy/service_config.json"));
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
      arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
      const auto stub = v1::EnrollmentService::NewStub(
          grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
      for (; !restarted; ++written[writer]) {
        v1::BulkEnrollRequest request;
        request.set_parent("connections/ledger");
        request.add_learner_emails(
            absl::StrCat("learner", writer, ".", written[writer], "@example.org"));
        request.add_course_run_keys("course-v1:edX+DemoX+2T2027");
        request.set_request_id(
            absl::StrCat("00000000-0000-4000-800", writer, "-", 100'000'000'000 + written[writer]));
        for (;;) {
          v1::BulkEnrollResponse response;
          const auto context = Context();
          const grpc::Status status = stub->BulkEnroll(context.get(), request, &response);
          if (status.ok()) break;
          ++again;
          const Failure failure = FailureOf(status, *context);
          {
            const std::lock_guard<std::mutex> lock(mutex_);
            ++failures_[absl::StrCat(status.error_code(), " ", failure.reason, " ",
                                     status.error_message())];
          }
          EXPECT_NE(failure.reason, "WRITE_OUTCOME_UNKNOWN");
          if (failure.reason == "WRITE_OUTCOME_UNKNOWN") break;
          absl::SleepFor(absl::Milliseconds(10));
        }
      }
    });
  }
  for (int replica = 0; replica < kReplicas; ++replica) {
    const int64_t before = provider_.effects();
    Restart(replica);
    EXPECT_TRUE(Eventually([&] { return provider_.effects() > before + 200; }));
  }
  restarted = true;
  for (std::thread& each : writers) each.join();
  int all = 0;
  for (int writer = 0; writer < kCallers; ++writer) {
    all += written[writer];
    for (int i = 0; i < written[writer]; ++i) {
      EXPECT_EQ(provider_.EffectsOf(absl::StrCat("learner", writer, ".", i, "@example.org")), 1);
    }
  }
  std::printf("3 restarts: %d writes, %d sent again, each done once\n", all, again.load());
  for (const auto& [failure, count] : failures_) std::printf("  %d: %s\n", count, failure.c_str());
}

TEST_F(RollingRestartTest, ARotatedSecretFailsNoCall) {
  StartReplicas("  insecure: true\n");
  StartLoad(grpc::InsecureChannelCredentials());
  // The provider gives out a second token, the replicas get it, and the first one ends.
  provider_.Accept({"first", "second"});
  std::filesystem::rename(folder_.Write("next", "second"), token_);
  AwaitCalls();
  // A replica looks at the file once a second, and again where the provider refuses the old one.
  provider_.Accept({"second"});
  AwaitCalls();
  AwaitCalls();
  ExpectNoFailure("a rotated secret");
}

TEST_F(RollingRestartTest, ARotatedCertificateFailsNoCall) {
  const auto make = [&](const std::string& name) {
    const Ended made =
        RunProgram({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    folder_.path() + "/" + name + "/tls.key", "-out",
                    folder_.path() + "/" + name + "/tls.crt"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
  };
  for (const char* each : {"..1", "..2"}) {
    std::filesystem::create_directory(folder_.path() + "/" + each);
    make(each);
  }
  std::filesystem::create_symlink("..1", folder_.path() + "/..data");
  std::filesystem::create_symlink("..data/tls.crt", folder_.path() + "/tls.crt");
  std::filesystem::create_symlink("..data/tls.key", folder_.path() + "/tls.key");
  StartReplicas(
      absl::StrCat("  max_connection_age: 1s\n  tls:\n    certificate_file: ", folder_.path(),
                   "/tls.crt\n    private_key_file: ", folder_.path(), "/tls.key\n"));
  // Callers trust both, as they would one authority.
  const std::string roots =
      Text(folder_.path() + "/..1/tls.crt") + Text(folder_.path() + "/..2/tls.crt");
  StartLoad(grpc::SslCredentials({.pem_root_certs = roots}));
  std::filesystem::create_symlink("..2", folder_.path() + "/..next");
  std::filesystem::rename(folder_.path() + "/..next", folder_.path() + "/..data");
  // Until a caller that trusts the new one alone is served by each.
  const std::string renewed = Text(folder_.path() + "/..2/tls.crt");
  for (int port : ports_) {
    EXPECT_TRUE(Eventually([&] {
      absl::SleepFor(absl::Milliseconds(100));
      const auto stub = v1::ConnectionService::NewStub(grpc::CreateCustomChannel(
          absl::StrCat("127.0.0.1:", port), grpc::SslCredentials({.pem_root_certs = renewed}), [] {
            grpc::ChannelArguments own;
            own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
            return own;
          }()));
      v1::ListConnectionsResponse response;
      return stub->ListConnections(Context(absl::Seconds(2)).get(), {}, &response).ok();
    }));
  }
  AwaitCalls();
  ExpectNoFailure("a rotated certificate");
}

}  // namespace
}  // namespace edugate::end_to_end
