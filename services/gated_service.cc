#include "services/gated_service.h"

#include "absl/time/time.h"
#include "services/call_gate.h"

namespace edugate::services {
namespace {

// What metrics call the methods of calls that were turned away before anybody looked.
constexpr char kRefusedMethod[] = "refused";

class Refusal final : public grpc::ServerUnaryReactor {
 public:
  Refusal(const BridgeOptions& options, grpc::CallbackServerContext& context) {
    const absl::Status& status = options.gate->refusal();
    if (options.observer != nullptr) {
      options.observer->OnEnd({.method = kRefusedMethod,
                               .connection = "",
                               .status = status,
                               .duration = absl::ZeroDuration()});
    }
    AddPushback(status, context);
    Finish(ToGrpcStatus(status));
  }

 private:
  void OnDone() override { delete this; }
  // See kInlineReactions.
  bool InternalInlineable() override { return kInlineReactions; }
};

}  // namespace

GatedHandler::GatedHandler(std::unique_ptr<grpc::internal::MethodHandler> next,
                           const BridgeOptions& options)
    : next_(std::move(next)),
      options_(options),
      refuser_([&options](grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                          grpc::ByteBuffer*) { return new Refusal(options, *context); }) {}

void* GatedHandler::Deserialize(grpc_call* call, grpc_byte_buffer* bytes, grpc::Status* status,
                                void** handler_data) {
  if (!options_.gate->Refuses()) return next_->Deserialize(call, bytes, status, handler_data);
  void* const request = refuser_.Deserialize(call, bytes, status, handler_data);
  // Marks the call for RunHandler: decoding gives other codes.
  *status = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "");
  return request;
}

void GatedHandler::RunHandler(const HandlerParameter& parameter) {
  if (parameter.status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) {
    next_->RunHandler(parameter);
    return;
  }
  refuser_.RunHandler(HandlerParameter(parameter.call, parameter.server_context, parameter.request,
                                       grpc::Status::OK, parameter.internal_data,
                                       parameter.call_requester));
}

}  // namespace edugate::services
