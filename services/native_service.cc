#include "services/native_service.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/resource_name.h"
#include "google/protobuf/message.h"
#include "services/bridge.h"
#include "services/routing.h"

namespace edugate::services {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// What metrics call the methods that there are not: the caller's own words would be without bound.
constexpr char kUnknownMethod[] = "unknown";

constexpr char kNotOffered[] =
    "the providers' own methods can be called where native_calls.enabled is configured, and a "
    "connection of the provider is";

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

bool Parse(grpc::ByteBuffer bytes, Message& message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, &message).ok();
}

bool Serialize(const Message& message, grpc::ByteBuffer& bytes) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &bytes, &own).ok();
}

class NativeCall final : public grpc::ServerUnaryReactor, public CallBase {
 public:
  NativeCall(const BridgeOptions& options, grpc::CallbackServerContext& context,
             absl::string_view name, const PartsOfCall& parts, const MethodDescriptor& method,
             const grpc::ByteBuffer& request, grpc::ByteBuffer& response)
      : CallBase(options, context, name, method.full_name(),
                 {.otherwise = options.default_deadline, .at_most = options.max_deadline}),
        parts_(parts),
        method_(method),
        named_(MetadataValues(context, kConnectionKey)),
        request_(request),
        response_(response) {
    admitted() ? Begin() : Finish(Refused());
  }

 private:
  async::Task<void> Execute() override {
    absl::Status status = call().Status();
    if (status.ok()) {
      status = co_await Answer();
    } else {
      status = errors::DeadlineExceeded({});
    }
    if (screened()) status = co_await Conclude(message_.get(), status);
    Finish(Ending(status));
  }

  async::Task<absl::Status> Answer() {
    auto native = FindNativeMethod(call(), *parts_(call()).connections, method_, named_);
    if (!native.ok()) co_return native.status();
    message_ = NewMessage(method_.input_type());
    if (!Parse(request_, *message_)) {
      co_return errors::ArgumentInvalid("request",
                                        absl::StrCat("is no ", method_.input_type()->full_name()));
    }
    absl::Status status = absl::OkStatus();
    if (OpenScreen()) status = co_await Check(message_.get());
    if (!status.ok()) co_return status;
    const std::unique_ptr<Message> response = NewMessage(method_.output_type());
    status = co_await (*native)->call(call(), *message_, *response);
    if (absl::IsNotFound(status)) {
      co_return errors::WithResource(status, method_.output_type()->full_name(),
                                     absl::StrCat("connections/", call().connection()));
    }
    if (!status.ok()) co_return status;
    if (screened()) status = co_await Screen(message_.get(), *response);
    if (status.ok()) status = CheckSize(*response);
    if (!status.ok()) co_return status;
    if (!Serialize(*response, response_)) co_return errors::Internal("a reply can't be written");
    co_return absl::OkStatus();
  }

  void OnCancel() override { CancelFromGrpc(); }
  void OnDone() override { Unref(); }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }

  const PartsOfCall& parts_;
  const MethodDescriptor& method_;
  const std::vector<std::string> named_;
  const grpc::ByteBuffer& request_;
  grpc::ByteBuffer& response_;
  std::unique_ptr<Message> message_;  // the request
};

// A provider's service as gRPC sees it. A service and not a gRPC generic handler, so that gRPC's
// reflection lists it.
class NativeService final : public grpc::Service {
 public:
  NativeService(const ServiceDescriptor& service, const std::vector<const std::string*>& names,
                const PartsOfCall& parts, Bridge& bridge)
      : parts_(parts), bridge_(bridge) {
    paths_.reserve(names.size());
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor* method = service.method(i);
      const std::string* name = names[i];
      paths_.push_back(absl::StrCat("/", service.full_name(), "/", method->name()));
      AddMethod(new grpc::internal::RpcServiceMethod(
          paths_.back().c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRawCallback(
          i, new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                 [this, method, name](grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
                   return new NativeCall(bridge_.options(), *context, *name, parts_, *method,
                                         *request, *response);
                 }));
    }
  }

 private:
  const PartsOfCall parts_;
  Bridge& bridge_;
  std::vector<std::string> paths_;  // gRPC keeps pointers to them
};

class UnknownMethod final : public grpc::ServerGenericBidiReactor {
 public:
  UnknownMethod(const BridgeOptions& options, const std::string& path) {
    const absl::Status status = absl::StartsWith(path, "/edugate.provider.")
                                    ? errors::MethodNotOffered(kNotOffered, {})
                                    : errors::MethodNotOffered("edugate has no such method", {});
    if (options.observer != nullptr) {
      options.observer->OnEnd({.method = kUnknownMethod,
                               .connection = "",
                               .status = status,
                               .duration = absl::ZeroDuration()});
    }
    Finish(ToGrpcStatus(status));
  }

 private:
  void OnDone() override { delete this; }
};

class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  explicit UnknownMethods(Bridge& bridge) : bridge_(bridge) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new UnknownMethod(bridge_.options(), context->method());
  }

 private:
  Bridge& bridge_;
};

const adapters::NativeMethod* Find(const std::vector<adapters::NativeMethod>& methods,
                                   const MethodDescriptor& method) {
  for (const adapters::NativeMethod& each : methods) {
    if (each.descriptor == &method) return &each;
  }
  return nullptr;
}

bool IsOffered(const adapters::ConnectionRegistry& registry, const MethodDescriptor& method) {
  return std::any_of(registry.connections().begin(), registry.connections().end(),
                     [&](const adapters::Connection& connection) {
                       return Find(connection.native, method) != nullptr;
                     });
}

}  // namespace

absl::StatusOr<const adapters::NativeMethod*> FindNativeMethod(
    async::CallContext& call, const adapters::ConnectionRegistry& registry,
    const MethodDescriptor& method, const std::vector<std::string>& named) {
  if (!IsOffered(registry, method)) return errors::MethodNotOffered(kNotOffered, {});
  if (named.size() != 1) {
    return errors::ArgumentInvalid(
        kConnectionKey, named.empty() ? "a native call needs this metadata: the connection's id"
                                      : "must be given once");
  }
  if (!adapters::IsConnectionId(named.front())) {
    return errors::ArgumentInvalid(kConnectionKey, "must be a connection's id");
  }
  absl::Status allowed = CheckMayUse(call, named.front());
  if (!allowed.ok()) return allowed;
  auto connection = registry.Find(named.front());
  if (!connection.ok()) return connection.status();
  call.set_connection((*connection)->id);
  const adapters::NativeMethod* native = Find((*connection)->native, method);
  if (native == nullptr) {
    return errors::ArgumentInvalid(kConnectionKey,
                                   absl::StrCat("is a connection of ", (*connection)->provider,
                                                ", which has no ", method.service()->full_name()));
  }
  if (native->carries_credentials) {
    return errors::MethodNotOffered("the method carries credentials and can't be called natively",
                                    {.connection = (*connection)->id,
                                     .provider = (*connection)->provider,
                                     .operation = *native->name});
  }
  return native;
}

std::vector<std::string> NativeServicesOf(const adapters::Connection& connection) {
  return NativeServicesOf(connection.native);
}

std::vector<std::string> NativeServicesOf(const std::vector<adapters::NativeMethod>& methods) {
  std::vector<std::string> services;
  for (const adapters::NativeMethod& each : methods) {
    const std::string& name = each.descriptor->service()->full_name();
    if (services.empty() || services.back() != name) services.push_back(name);
  }
  return services;
}

std::vector<std::unique_ptr<grpc::Service>> MakeNativeServices(
    const std::vector<adapters::NativeMethod>& methods, const PartsOfCall& parts, Bridge& bridge) {
  std::vector<const ServiceDescriptor*> made;
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const adapters::NativeMethod& each : methods) {
    const ServiceDescriptor* service = each.descriptor->service();
    if (std::find(made.begin(), made.end(), service) != made.end()) continue;
    made.push_back(service);
    std::vector<const std::string*> names;
    names.reserve(static_cast<size_t>(service->method_count()));
    for (int i = 0; i < service->method_count(); ++i) {
      names.push_back(Find(methods, *service->method(i))->name);
    }
    services.push_back(std::make_unique<NativeService>(*service, names, parts, bridge));
  }
  return services;
}

std::unique_ptr<grpc::CallbackGenericService> MakeUnknownMethods(Bridge& bridge) {
  return std::make_unique<UnknownMethods>(bridge);
}

}  // namespace edugate::services
