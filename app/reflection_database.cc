#include "app/reflection_database.h"

#include <optional>

#include "google/protobuf/descriptor.pb.h"
#include "services/grpc_reflection.pb.h"

namespace edugate::app {
namespace {

using google::protobuf::FileDescriptorProto;
using ::grpc::reflection::v1alpha::ServerReflectionRequest;
using ::grpc::reflection::v1alpha::ServerReflectionResponse;

constexpr char kPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// The answer to one question; nothing where there is none, with the reason in `status`.
std::optional<ServerReflectionResponse> Exchange(RpcClient& client,
                                                 const ServerReflectionRequest& request,
                                                 google::rpc::Status* status) {
  ServerReflectionResponse response;
  bool answered = false;
  *status = client.Call(kPath, {request.SerializeAsString()}, [&](const std::string& bytes) {
    answered = response.ParseFromString(bytes);
  });
  if (status->code() != 0 || !answered) return std::nullopt;
  return response;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReflectionDatabase::ListServices() {
  ServerReflectionRequest request;
  request.set_list_services("*");
  google::rpc::Status status;
  const auto response = Exchange(client_, request, &status);
  if (!response.has_value()) {
    return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
  }
  std::vector<std::string> names;
  for (const auto& service : response->list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

bool ReflectionDatabase::FindFileByName(const std::string& name, FileDescriptorProto* out) {
  return known_.FindFileByName(name, out) || AskForFile(name, out);
}

bool ReflectionDatabase::FindFileContainingSymbol(const std::string& symbol,
                                                  FileDescriptorProto* out) {
  return known_.FindFileContainingSymbol(symbol, out) || AskForSymbol(symbol, out);
}

bool ReflectionDatabase::AskForFile(const std::string& name, FileDescriptorProto* out) {
  ServerReflectionRequest request;
  request.set_file_by_filename(name);
  return Ask(request, out);
}

bool ReflectionDatabase::AskForSymbol(const std::string& symbol, FileDescriptorProto* out) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  return Ask(request, out);
}

bool ReflectionDatabase::Ask(const ServerReflectionRequest& request, FileDescriptorProto* out) {
  google::rpc::Status status;
  const auto response = Exchange(client_, request, &status);
  if (!response.has_value()) return false;
  const auto& files = response->file_descriptor_response().file_descriptor_proto();
  for (int i = 0; i < files.size(); ++i) {
    FileDescriptorProto file;
    if (!file.ParseFromString(files[i])) return false;
    if (i == 0) *out = file;
    FileDescriptorProto present;
    if (!known_.FindFileByName(file.name(), &present)) known_.Add(file);
  }
  return !files.empty();
}

}  // namespace edugate::app
