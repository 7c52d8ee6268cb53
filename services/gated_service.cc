#include "services/gated_service.h"

#include "services/call_gate.h"
#include "services/grpc_status.h"

namespace edugate::services {
namespace {

class Refusal final : public grpc::ServerUnaryReactor {
 public:
  Refusal(const BridgeOptions& options, const grpc::Status& status, const std::string& pushback,
          grpc::CallbackServerContext& context) {
    if (options.observer != nullptr) options.observer->OnTurnedAway(options.gate->refusal().code());
    context.AddTrailingMetadata(kPushbackKey, pushback);
    Finish(status);
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
      // Made once: a refusal has to be cheap.
      refuser_(
          [&options, status = ToGrpcStatus(options.gate->refusal()),
           pushback = PushbackOf(options.gate->refusal()).value_or("0")](
              grpc::CallbackServerContext* context, const grpc::ByteBuffer*, grpc::ByteBuffer*) {
            return new Refusal(options, status, pushback, *context);
          }) {}

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
