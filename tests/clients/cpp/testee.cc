// The conformance client in C++: Debian's grpc++ with generated stubs (../conformance/testee.py).
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/connection_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using nlohmann::json;

// The linker keeps the stubs that something names; the rest of this program finds them by name.
const google::protobuf::Descriptor* const kStubs[] = {
    edugate::v1::AllocateAssignmentsRequest::descriptor(),
    edugate::v1::ListCatalogsRequest::descriptor(),
    edugate::v1::ListConnectionsRequest::descriptor(),
    edugate::v1::ListEnrollmentsRequest::descriptor(),
    edugate::v1::AssignLicensesRequest::descriptor(),
    edugate::v1::GetTranscriptRequest::descriptor(),
    edugate::provider::class_enrollment::v2::ClassEnrollment::descriptor(),
    edugate::provider::edx_enterprise::v1::ListCatalogsRequest::descriptor(),
    edugate::provider::measureone::v2::GetTranscriptRequest::descriptor(),
    edugate::provider::openapply::v3::Reenrollment::descriptor(),
    google::rpc::ErrorInfo::descriptor(),
};

// The names of gRPC's list, by number.
constexpr const char* kCodeNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

void Check(const google::protobuf::util::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor& type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

json ToJson(const Message& message) {
  std::string text;
  Check(google::protobuf::util::MessageToJsonString(message, &text));
  return json::parse(text);
}

grpc::ByteBuffer ToBuffer(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

std::unique_ptr<Message> FromBuffer(const google::protobuf::Descriptor& type,
                                    const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) throw std::runtime_error("a reply can't be read");
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  auto message = NewMessage(type);
  if (!message->ParseFromString(bytes))
    throw std::runtime_error("a reply is no " + type.full_name());
  return message;
}

const google::protobuf::MethodDescriptor& MethodOf(std::string path) {
  path.replace(path.find('/'), 1, ".");
  const auto* method = DescriptorPool::generated_pool()->FindMethodByName(path);
  if (method == nullptr) throw std::runtime_error("there is no method " + path);
  return *method;
}

std::shared_ptr<grpc::Channel> ChannelFor(const json& call) {
  static auto& channels = *new std::map<std::string, std::shared_ptr<grpc::Channel>>;
  const std::string config = call.value("serviceConfig", "");
  auto& channel = channels[call.at("address").get<std::string>() + " " + config];
  if (channel == nullptr) {
    grpc::ChannelArguments arguments;
    if (config.empty()) {
      arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    } else {
      arguments.SetServiceConfigJSON(config);
    }
    channel = grpc::CreateCustomChannel(call.at("address"), grpc::InsecureChannelCredentials(),
                                        arguments);
  }
  return channel;
}

// One operation of a call is under way at a time, so that the next event is its end.
bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

json MakeCall(const json& call) {
  const auto& method = MethodOf(call.at("method"));
  std::vector<grpc::ByteBuffer> requests;
  for (const json& each : call.at("requests")) {
    auto request = NewMessage(*method.input_type());
    Check(google::protobuf::util::JsonStringToMessage(each.dump(), request.get()));
    requests.push_back(ToBuffer(*request));
  }
  const auto start = std::chrono::steady_clock::now();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(call.at("timeoutMs").get<int64_t>()));
  for (const auto& [key, value] : call.at("metadata").items()) {
    context.AddMetadata(key, value.get<std::string>());
  }
  grpc::GenericStub stub(ChannelFor(call));
  grpc::CompletionQueue queue;
  auto stream = stub.PrepareCall(&context, "/" + call.at("method").get<std::string>(), &queue);
  stream->StartCall(nullptr);
  bool ok = Next(queue);
  for (size_t i = 0; ok && i < requests.size(); ++i) {
    stream->Write(requests[i], nullptr);
    ok = Next(queue);
  }
  if (ok) {
    stream->WritesDone(nullptr);
    Next(queue);
  }
  json replies = json::array();
  for (;;) {
    grpc::ByteBuffer reply;
    stream->Read(&reply, nullptr);
    if (!Next(queue)) break;
    replies.push_back(ToJson(*FromBuffer(*method.output_type(), reply)));
    if (replies.size() == call.value("cancelAfter", size_t{0})) context.TryCancel();
  }
  grpc::Status status;
  stream->Finish(&status, nullptr);
  Next(queue);
  queue.Shutdown();

  const auto elapsed = std::chrono::steady_clock::now() - start;
  json trailers = json::object();
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    if (std::string_view(key.data(), key.size()).ends_with("-bin")) continue;
    trailers[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
  }
  google::rpc::Status detailed;
  detailed.ParseFromString(status.error_details());
  json details = json::array();
  for (const auto& detail : detailed.details()) details.push_back(ToJson(detail));
  return {{"code", kCodeNames[status.error_code()]},
          {"message", status.error_message()},
          {"details", std::move(details)},
          {"trailers", std::move(trailers)},
          {"replies", std::move(replies)},
          {"elapsedMs", std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << MakeCall(json::parse(line)).dump() << '\n' << std::flush;
  }
}
