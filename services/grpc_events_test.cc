#include "services/grpc_events.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/loop_pool.h"
#include "services/call_gate.h"
#include "services/segments_sent.h"
#include "services/settable_clock.h"

namespace edugate::services {
namespace {

// Answers with what was asked for, and notes whether a loop's thread ran it.
class Echo final : public v1::EnrollmentService::CallbackService {
 public:
  explicit Echo(async::EventLoop& loop) : loop_(loop) {}

  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const v1::GetEnrollmentRequest* request,
                                          v1::Enrollment* response) override {
    on_loop_ = loop_.InLoop();
    response->set_name(request->name());
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    std::vector<grpc::ServerUnaryReactor*> ready;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (together_ == 1) {
        reactor->Finish(grpc::Status::OK);
        return reactor;
      }
      waiting_.push_back(reactor);
      if (waiting_.size() < together_) return reactor;
      ready.swap(waiting_);
    }
    loop_.Post([ready] {
      for (grpc::ServerUnaryReactor* each : ready) each->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  // From now on so many calls are answered in the same turn, as soon as they have all come.
  void AnswerTogether(std::size_t count) {
    const std::lock_guard<std::mutex> lock(mutex_);
    together_ = count;
  }

  bool on_loop() const { return on_loop_; }

 private:
  async::EventLoop& loop_;
  std::atomic<bool> on_loop_{false};
  std::mutex mutex_;
  std::size_t together_ = 1;
  std::vector<grpc::ServerUnaryReactor*> waiting_;
};

// How often the kernel has sent something over the connections that this process has accepted at
// `port`.
int SegmentsFrom(int port) {
  constexpr int kMostDescriptors = 1024;
  int segments = 0;
  for (int fd = 0; fd < kMostDescriptors; ++fd) {
    sockaddr_in own{};
    sockaddr_in peer{};
    socklen_t size = sizeof(own);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    size = sizeof(peer);
    if (ntohs(own.sin_port) != port ||
        getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
      continue;
    }
    segments += SegmentsSent(fd);
  }
  return segments;
}

// Keeps its loop awake.
class Restless final : public async::Work {
 public:
  explicit Restless(async::EventLoop& loop) : loop_(loop) { loop_.Post(this); }

  void End() {
    ended_ = true;
    while (!gone_) {
    }
  }

 private:
  void Run() override {
    if (ended_) {
      gone_ = true;
    } else {
      loop_.Post(this);
    }
  }

  async::EventLoop& loop_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> gone_{false};
};

class GrpcEventsTest : public testing::Test {
 protected:
  GrpcEventsTest() : service_(pool_.loop(0)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    RunGrpcEventsOn(pool_);
    RunOnLoop();
    stub_ = v1::EnrollmentService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port_),
                                                               grpc::InsecureChannelCredentials()));
  }
  ~GrpcEventsTest() override { server_->Shutdown(); }

  // Waits until the loop has come to what it was given until now.
  void RunOnLoop() {
    std::promise<void> ran;
    pool_.loop(0).Post([&ran] { ran.set_value(); });
    ran.get_future().wait();
  }

  std::string Ask(const std::string& name) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::GetEnrollmentRequest request;
    request.set_name(name);
    v1::Enrollment reply;
    const grpc::Status status = stub_->GetEnrollment(&context, request, &reply);
    return status.ok() ? reply.name() : status.error_message();
  }

  int port_ = 0;
  async::LoopPool pool_{1};
  Echo service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::EnrollmentService::Stub> stub_;
};

TEST_F(GrpcEventsTest, ALoopThatIsAwakeRunsTheCallsItself) {
  Restless restless(pool_.loop(0));
  // The first events may still be the stand-in's, which was about to wait for them.
  for (int i = 0; i < 10 && !service_.on_loop(); ++i) EXPECT_EQ(Ask("name"), "name");
  EXPECT_TRUE(service_.on_loop());
  restless.End();
}

TEST_F(GrpcEventsTest, RepliesOfOneTurnLeaveTogether) {
  constexpr int kCalls = 20;
  ASSERT_EQ(Ask("first"), "first");
  service_.AnswerTogether(kCalls);
  const int before = SegmentsFrom(port_);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCalls; ++i) {
    callers.emplace_back([this, name = std::to_string(i)] { EXPECT_EQ(Ask(name), name); });
  }
  for (std::thread& caller : callers) caller.join();
  // Beside the replies there may be acknowledgements of gRPC's own.
  EXPECT_LT(SegmentsFrom(port_) - before, kCalls);
}

TEST_F(GrpcEventsTest, ALoopThatSleepsOpensTheGate) {
  SettableClock clock;
  CallGate gate({.max_calls = 1000, .patient = 1, .least_calls = 10}, clock);
  for (int interval = 0; interval < 2; ++interval) {
    clock.Advance(absl::Seconds(1));
    gate.OnTurn();
  }
  for (int i = 0; i < 100; ++i) gate.OnEnter();
  ASSERT_TRUE(gate.Refuses());
  TellOfGrpcEvents(&gate);
  // It sleeps between two of these, sooner or later.
  for (int i = 0; i < 10000 && gate.Refuses(); ++i) RunOnLoop();
  TellOfGrpcEvents(nullptr);
  // It may still be telling the gate, which goes now.
  RunOnLoop();
  EXPECT_FALSE(gate.Refuses());
}

TEST_F(GrpcEventsTest, CallsAreAnsweredWhileTheLoopSleepsAndWakes) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Ask(std::to_string(i)), std::to_string(i));
}

TEST_F(GrpcEventsTest, CallsAreAnsweredAfterTheLoopsHaveEnded) {
  EXPECT_EQ(Ask("before"), "before");
  pool_.Shutdown();
  EXPECT_EQ(Ask("after"), "after");
  EXPECT_FALSE(service_.on_loop());
}

}  // namespace
}  // namespace edugate::services
