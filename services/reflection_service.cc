#include "services/reflection_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "services/admission.h"
#include "services/grpc_reflection.grpc.pb.h"
#include "services/grpc_status.h"

namespace edugate::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using Request = ::grpc::reflection::v1alpha::ServerReflectionRequest;
using Response = ::grpc::reflection::v1alpha::ServerReflectionResponse;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

// One caller's questions, one after the other.
class Answers {
 public:
  Answers(const std::vector<std::string>& services, Admission::View view)
      : services_(services), view_(std::move(view)) {}

  Response To(const Request& request) {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kListServices:
        List(*response.mutable_list_services_response());
        break;
      case Request::kFileByFilename:
        AddFile(Pool().FindFileByName(request.file_by_filename()), response);
        break;
      case Request::kFileContainingSymbol:
        AddFile(FileOf(request.file_containing_symbol()), response);
        break;
      case Request::kFileContainingExtension:
        AddFile(FileOf(request.file_containing_extension()), response);
        break;
      case Request::kAllExtensionNumbersOfType:
        AddNumbers(request.all_extension_numbers_of_type(), response);
        break;
      case Request::MESSAGE_REQUEST_NOT_SET:
        Refuse(grpc::StatusCode::INVALID_ARGUMENT, "nothing is asked", response);
        break;
    }
    return response;
  }

 private:
  static void Refuse(grpc::StatusCode code, const char* message, Response& response) {
    response.mutable_error_response()->set_error_code(code);
    response.mutable_error_response()->set_error_message(message);
  }

  void List(::grpc::reflection::v1alpha::ListServiceResponse& list) const {
    for (const std::string& service : services_) {
      if (view_.Shows(service)) list.add_service()->set_name(service);
    }
  }

  // Null where there is none, and where it is a service that the caller doesn't see.
  const FileDescriptor* FileOf(const std::string& symbol) const {
    const ServiceDescriptor* service = Pool().FindServiceByName(symbol);
    if (service == nullptr) {
      const MethodDescriptor* method = Pool().FindMethodByName(symbol);
      if (method != nullptr) service = method->service();
    }
    if (service != nullptr && !view_.Shows(service->full_name())) return nullptr;
    return Pool().FindFileContainingSymbol(symbol);
  }

  static const FileDescriptor* FileOf(
      const ::grpc::reflection::v1alpha::ExtensionRequest& extension) {
    const Descriptor* type = Pool().FindMessageTypeByName(extension.containing_type());
    if (type == nullptr) return nullptr;
    const FieldDescriptor* field = Pool().FindExtensionByNumber(type, extension.extension_number());
    return field == nullptr ? nullptr : field->file();
  }

  // A file after all that it imports, as far as this caller has not been sent them.
  void AddWithImports(const FileDescriptor& file, Response& response) {
    if (!sent_.insert(file.name()).second) return;
    google::protobuf::FileDescriptorProto proto;
    file.CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
    for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), response);
  }

  void AddFile(const FileDescriptor* file, Response& response) {
    if (file == nullptr) {
      Refuse(grpc::StatusCode::NOT_FOUND, "there is no such file or symbol", response);
      return;
    }
    sent_.erase(file->name());  // What is asked for is always sent.
    AddWithImports(*file, response);
  }

  static void AddNumbers(const std::string& name, Response& response) {
    const Descriptor* type = Pool().FindMessageTypeByName(name);
    if (type == nullptr) {
      Refuse(grpc::StatusCode::NOT_FOUND, "there is no such message", response);
      return;
    }
    auto& numbers = *response.mutable_all_extension_numbers_response();
    numbers.set_base_type_name(name);
    std::vector<const FieldDescriptor*> extensions;
    Pool().FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* field : extensions) numbers.add_extension_number(field->number());
  }

  const std::vector<std::string>& services_;
  const Admission::View view_;
  std::set<std::string> sent_;
};

class Exchange final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  Exchange(const std::vector<std::string>& services, Admission::View view)
      : answers_(services, std::move(view)) {
    StartRead(&request_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    response_ = answers_.To(request_);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&request_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

  Answers answers_;
  Request request_;
  Response response_;
};

class Refusal final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpcStatus(status)); }

 private:
  void OnDone() override { delete this; }
};

class ReflectionService final
    : public ::grpc::reflection::v1alpha::ServerReflection::CallbackService {
 public:
  ReflectionService(std::vector<std::string> services, const Admission& admission)
      : services_(std::move(services)), admission_(admission) {}

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override {
    auto view = admission_.ViewOf(*context);
    if (!view.ok()) return new Refusal(view.status());
    return new Exchange(services_, *std::move(view));
  }

 private:
  const std::vector<std::string> services_;
  const Admission& admission_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReflectionService(std::vector<std::string> services,
                                                     const Admission& admission) {
  services.emplace_back(::grpc::reflection::v1alpha::ServerReflection::service_full_name());
  return std::make_unique<ReflectionService>(std::move(services), admission);
}

}  // namespace edugate::services
