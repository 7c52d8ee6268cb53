// Conversations through gRPC itself.
#include "services/reflection_service.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/bridge.h"
#include "services/call_gate.h"
#include "services/drain.h"
#include "services/first_end.h"
#include "services/grpc_reflection.grpc.pb.h"
#include "services/settable_clock.h"

namespace edugate::services {
namespace {

using ::grpc::reflection::v1alpha::ServerReflection;
using ::grpc::reflection::v1alpha::ServerReflectionRequest;
using ::grpc::reflection::v1alpha::ServerReflectionResponse;
using Stream = grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>;

constexpr char kService[] = "edugate.v1.EnrollmentService";

ServerReflectionRequest Listing() {
  ServerReflectionRequest question;
  question.set_list_services("");
  return question;
}

ServerReflectionRequest FileOfService() {
  ServerReflectionRequest question;
  question.set_file_containing_symbol(kService);
  return question;
}

class ReflectionServiceTest : public ::testing::Test {
 protected:
  explicit ReflectionServiceTest(BridgeOptions limits = {}) {
    limits.loops = &loops_;
    limits.observer = &first_end_;
    limits.gate = &gate_;
    bridge_ = std::make_unique<Bridge>(limits);
    service_ = MakeReflectionService({kService}, *bridge_, &drain_);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = ServerReflection::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
    // So that no test hangs. None ends by it.
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }
  ~ReflectionServiceTest() override { StopServer(); }

  // All calls are gone then.
  void StopServer() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    loops_.Shutdown();
  }

  // A conversation that has begun.
  std::unique_ptr<Stream> Begin() {
    auto stream = stub_->ServerReflectionInfo(&context_);
    ServerReflectionResponse answer;
    EXPECT_TRUE(stream->Write(Listing()));
    EXPECT_TRUE(stream->Read(&answer));
    return stream;
  }

  async::LoopPool loops_{1};
  SettableClock clock_;
  CallGate gate_{{.max_calls = 1}, clock_};
  Drain drain_;
  FirstEnd first_end_;
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ServerReflection::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(ReflectionServiceTest, EachQuestionIsAnsweredUntilTheCallerHasNoMore) {
  auto stream = stub_->ServerReflectionInfo(&context_);
  ServerReflectionResponse answer;
  ASSERT_TRUE(stream->Write(Listing()));
  ASSERT_TRUE(stream->Read(&answer));
  ASSERT_EQ(answer.list_services_response().service_size(), 2);
  EXPECT_EQ(answer.list_services_response().service(0).name(), kService);
  EXPECT_EQ(answer.list_services_response().service(1).name(),
            ServerReflection::service_full_name());
  ASSERT_TRUE(stream->Write(FileOfService()));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_GT(answer.file_descriptor_response().file_descriptor_proto_size(), 1);
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
  StopServer();
  EXPECT_FALSE(first_end_.told()) << "what went well is not told";
}

TEST_F(ReflectionServiceTest, AConversationIsACallInProgressToTheGate) {
  const auto held = Begin();
  EXPECT_EQ(gate_.in_progress(), 1);
  grpc::ClientContext context;
  const auto refused = stub_->ServerReflectionInfo(&context);
  ServerReflectionResponse answer;
  EXPECT_FALSE(refused->Read(&answer));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const FirstEnd::End end = first_end_.Wait();
  EXPECT_EQ(errors::ReasonOf(end.status), v1::ERROR_REASON_LOCAL_LIMIT);
  EXPECT_EQ(end.method, "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo");
  EXPECT_FALSE(end.has_call);
  EXPECT_EQ(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1u);
  held->WritesDone();
  EXPECT_TRUE(held->Finish().ok());
  StopServer();
  EXPECT_EQ(gate_.in_progress(), 0);
}

TEST_F(ReflectionServiceTest, AQuietConversationEndsWhenTheProcessIsAboutTo) {
  const auto stream = Begin();
  drain_.Begin();
  ServerReflectionResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(ReflectionServiceTest, ACallerThatGoesAwayEndsIt) {
  const auto stream = Begin();
  context_.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  StopServer();
  EXPECT_EQ(gate_.in_progress(), 0);
}

class PatienceTest : public ReflectionServiceTest {
 protected:
  PatienceTest() : ReflectionServiceTest({.slow_reader_limit = absl::Milliseconds(100)}) {}
};

TEST_F(PatienceTest, AConversationEndsInWhichNothingIsAsked) {
  const auto silent = stub_->ServerReflectionInfo(&context_);
  ServerReflectionResponse answer;
  EXPECT_FALSE(silent->Read(&answer));
  const grpc::Status status = silent->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(PatienceTest, AConversationEndsInWhichNothingMoreIsAsked) {
  const auto stream = Begin();
  ServerReflectionResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(PatienceTest, ACallerThatTakesNoAnswerIsCutOff) {
  const auto stream = stub_->ServerReflectionInfo(&context_);
  while (!first_end_.told() && stream->Write(FileOfService())) {
  }
  const FirstEnd::End end = first_end_.Wait();
  EXPECT_EQ(errors::ReasonOf(end.status), v1::ERROR_REASON_SLOW_CONSUMER);
  context_.TryCancel();
  EXPECT_FALSE(stream->Finish().ok());
}

class StreamDeadlineTest : public ReflectionServiceTest {
 protected:
  StreamDeadlineTest() : ReflectionServiceTest({.max_stream_deadline = absl::Milliseconds(100)}) {}
};

TEST_F(StreamDeadlineTest, AConversationHasTheDeadlineOfStreams) {
  const auto stream = stub_->ServerReflectionInfo(&context_);
  ServerReflectionResponse answer;
  while (stream->Write(Listing()) && stream->Read(&answer)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const FirstEnd::End end = first_end_.Wait();
  EXPECT_EQ(errors::ReasonOf(end.status), v1::ERROR_REASON_DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace edugate::services
