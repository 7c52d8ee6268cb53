#include "services/reflection_service.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "runtime/async/event.h"
#include "runtime/errors/errors.h"
#include "services/admission.h"
#include "services/bridge.h"
#include "services/drain.h"
#include "services/grpc_reflection.grpc.pb.h"

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

// What metrics and logs call it.
constexpr char kMethod[] = "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo";

// A tool that makes one call asks a dozen questions before, most often a conversation each: those
// that went well would fill the access log and say nothing.
class Failures final : public CallObserver {
 public:
  // `next`, which may be null, outlives the object.
  explicit Failures(CallObserver* next) : next_(next) {}

  void OnEnd(const CallEnd& end) override {
    if (next_ == nullptr || end.status.ok() || absl::IsCancelled(end.status)) return;
    CallEnd failure = end;
    failure.call = nullptr;  // Its beginning was not told.
    next_->OnEnd(failure);
  }

 private:
  CallObserver* const next_;
};

class Conversation final : public grpc::ServerBidiReactor<Request, Response>, public CallBase {
 public:
  Conversation(const BridgeOptions& options, grpc::CallbackServerContext& context,
               const std::vector<std::string>& services, Drain* drain)
      : CallBase(
            options, context, kMethod, /*granted_as=*/"",
            {.otherwise = options.max_stream_deadline, .at_most = options.max_stream_deadline}),
        drain_(drain) {
    if (admitted()) {
      auto view = options.admission != nullptr ? options.admission->ViewOf(context, call())
                                               : Admission::View();
      if (view.ok()) {
        answers_.emplace(services, *std::move(view));
      } else {
        Deny(view.status());
      }
    }
    admitted() ? Begin() : Finish(Refused());
  }

 private:
  async::Task<void> Execute() override {
    absl::Status status = co_await Converse();
    if (stuck_) {
      // Who takes no answer would not take the status either: gRPC sends it last.
      CutOff();
      absl::Status gone = co_await moved_.Wait(call());
      gone.IgnoreError();
    }
    Finish(Ending(status));
  }

  async::Task<absl::Status> Converse() {
    absl::Status ended = EndOfCall();
    if (!ended.ok()) co_return ended;
    for (;;) {
      auto asked = co_await Asked();
      if (!asked.ok()) co_return asked.status();
      if (!*asked) co_return absl::OkStatus();
      response_ = answers_->To(request_);
      absl::Status taken = co_await Taken();
      if (!taken.ok()) co_return taken;
    }
  }

  // Waits for a question. False where no more will come, or none has come for too long: all that
  // was asked has been answered.
  async::Task<absl::StatusOr<bool>> Asked() {
    async::CallContext patience = call().Child(Latest());
    const Drain::Wait waiting(drain_, patience);
    moved_.Reset();
    StartRead(&request_);
    absl::Status waited = co_await moved_.Wait(patience);
    if (waited.ok()) co_return good_.load(std::memory_order_relaxed);
    absl::Status ended = EndOfCall();
    if (!ended.ok()) co_return ended;
    co_return false;
  }

  // Sends the answer, and waits until the caller has taken it, as far as gRPC can tell. gRPC tells
  // also when the call is cancelled, and at the deadline what is on its way is not cut off.
  async::Task<absl::Status> Taken() {
    async::CallContext patience(call().loop(), Latest());
    moved_.Reset();
    StartWrite(&response_);
    absl::Status waited = co_await moved_.Wait(patience);
    stuck_ = !waited.ok();
    if (stuck_) co_return errors::SlowConsumer();
    absl::Status ended = EndOfCall();
    if (ended.ok() && !good_.load(std::memory_order_relaxed)) co_return errors::Cancelled({});
    co_return ended;
  }

  // OK where the call itself goes on.
  absl::Status EndOfCall() {
    absl::Status status = call().Status();
    if (status.ok()) return status;
    return absl::IsCancelled(status) ? errors::Cancelled({}) : errors::DeadlineExceeded({});
  }

  async::MonotonicTime Latest() {
    return async::After(call().loop().Now(), options().slow_reader_limit);
  }

  void OnReadDone(bool ok) override { Moved(ok); }
  void OnWriteDone(bool ok) override { Moved(ok); }
  void Moved(bool ok) {
    good_.store(ok, std::memory_order_relaxed);
    done_.Tell();
  }
  void OnCancel() override { CancelFromGrpc(); }
  void OnDone() override { Unref(); }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }

  Drain* const drain_;
  std::optional<Answers> answers_;
  Request request_;
  Response response_;
  bool stuck_ = false;  // An answer is on its way that nobody takes.
  // Of the one reading or writing that is on its way.
  std::atomic<bool> good_{false};
  async::Event moved_;
  CallBase::Done done_{*this, moved_};
};

class ReflectionService final
    : public ::grpc::reflection::v1alpha::ServerReflection::CallbackService {
 public:
  ReflectionService(std::vector<std::string> services, const BridgeOptions& options, Drain* drain)
      : services_(std::move(services)),
        failures_(options.observer),
        options_(options),
        drain_(drain) {
    options_.observer = &failures_;
  }

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override {
    return new Conversation(options_, *context, services_, drain_);
  }

 private:
  const std::vector<std::string> services_;
  Failures failures_;
  BridgeOptions options_;
  Drain* const drain_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReflectionService(std::vector<std::string> services,
                                                     Bridge& bridge, Drain* drain) {
  services.emplace_back(::grpc::reflection::v1alpha::ServerReflection::service_full_name());
  return std::make_unique<ReflectionService>(std::move(services), bridge.options(), drain);
}

}  // namespace edugate::services
