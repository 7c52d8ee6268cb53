#include "app/reflection_database.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/message.h"

namespace edugate::app {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

constexpr char kPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// gRPC's library brings the messages of the reflection protocol, but no header for them.
std::unique_ptr<Message> NewMessage(const char* name) {
  const auto* type = DescriptorPool::generated_pool()->FindMessageTypeByName(
      absl::StrCat("grpc.reflection.v1alpha.", name));
  if (type == nullptr) return nullptr;
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

const FieldDescriptor* Field(const Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

std::unique_ptr<Message> Exchange(RpcClient& client, const char* field, const std::string& text,
                                  google::rpc::Status* status) {
  auto request = NewMessage("ServerReflectionRequest");
  auto response = NewMessage("ServerReflectionResponse");
  if (request == nullptr || response == nullptr) {
    status->set_code(static_cast<int>(absl::StatusCode::kInternal));
    return nullptr;
  }
  request->GetReflection()->SetString(request.get(), Field(*request, field), text);
  bool answered = false;
  *status = client.Call(kPath, {request->SerializeAsString()}, [&](const std::string& bytes) {
    answered = response->ParseFromString(bytes);
  });
  if (status->code() != 0 || !answered) return nullptr;
  return response;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReflectionDatabase::ListServices() {
  google::rpc::Status status;
  const auto response = Exchange(client_, "list_services", "*", &status);
  if (response == nullptr) {
    return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
  }
  std::vector<std::string> names;
  const Reflection& reflection = *response->GetReflection();
  const Message& list =
      reflection.GetMessage(*response, Field(*response, "list_services_response"));
  const FieldDescriptor* services = Field(list, "service");
  for (int i = 0; i < list.GetReflection()->FieldSize(list, services); ++i) {
    const Message& service = list.GetReflection()->GetRepeatedMessage(list, services, i);
    names.push_back(service.GetReflection()->GetString(service, Field(service, "name")));
  }
  return names;
}

bool ReflectionDatabase::FindFileByName(const std::string& name, FileDescriptorProto* out) {
  return known_.FindFileByName(name, out) || Ask("file_by_filename", name, out);
}

bool ReflectionDatabase::FindFileContainingSymbol(const std::string& symbol,
                                                  FileDescriptorProto* out) {
  return known_.FindFileContainingSymbol(symbol, out) || Ask("file_containing_symbol", symbol, out);
}

bool ReflectionDatabase::Ask(const char* field, const std::string& text, FileDescriptorProto* out) {
  google::rpc::Status status;
  const auto response = Exchange(client_, field, text, &status);
  if (response == nullptr) return false;
  const Message& files = response->GetReflection()->GetMessage(
      *response, Field(*response, "file_descriptor_response"));
  const FieldDescriptor* protos = Field(files, "file_descriptor_proto");
  const int count = files.GetReflection()->FieldSize(files, protos);
  for (int i = 0; i < count; ++i) {
    FileDescriptorProto file;
    if (!file.ParseFromString(files.GetReflection()->GetRepeatedString(files, protos, i)))
      return false;
    if (i == 0) *out = file;
    FileDescriptorProto present;
    if (!known_.FindFileByName(file.name(), &present)) known_.Add(file);
  }
  return count > 0;
}

}  // namespace edugate::app
