// A generated service whose calls pass the gate before their requests are decoded.
//
// Includes gRPC: for the services' .cc files only.
#ifndef SERVICES_GATED_SERVICE_H_
#define SERVICES_GATED_SERVICE_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <memory>
#include <utility>

#include "services/bridge.h"
#include "services/call_messages.h"

namespace edugate::services {

// gRPC decodes a request in its method's handler, before anybody is asked. This handler stands
// before the generated one: a call that the gate turns away costs neither decoding nor what comes
// after it.
class GatedHandler final : public grpc::internal::MethodHandler {
 public:
  // `options` outlives the handler.
  GatedHandler(std::unique_ptr<grpc::internal::MethodHandler> next, const BridgeOptions& options);

  void* Deserialize(grpc_call* call, grpc_byte_buffer* bytes, grpc::Status* status,
                    void** handler_data) override;
  void RunHandler(const HandlerParameter& parameter) override;

 private:
  const std::unique_ptr<grpc::internal::MethodHandler> next_;
  const BridgeOptions& options_;
  // Takes the request's bytes as they are, and answers with the refusal.
  grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer> refuser_;
};

// `Generated` is a CallbackService. The derived class names each of its methods once, with its
// place in the proto. Uploads have no request to decode; CallBase asks the gate for them.
template <typename Generated>
class GatedService : public Generated {
 protected:
  template <typename Service, typename Request, typename Response>
  void Gate(const BridgeOptions& options, int index,
            grpc::ServerUnaryReactor* (Service::*method)(grpc::CallbackServerContext*,
                                                         const Request*, Response*)) {
    auto handler = std::make_unique<grpc::internal::CallbackUnaryHandler<Request, Response>>(
        [this, method](grpc::CallbackServerContext* context, const Request* request,
                       Response* response) {
          return (static_cast<Service*>(this)->*method)(context, request, response);
        });
    handler->SetMessageAllocator(CallMessagesAllocator<Request, Response>::Get());
    Replace(options, index, std::move(handler));
  }

  template <typename Service, typename Request, typename Item>
  void Gate(const BridgeOptions& options, int index,
            grpc::ServerWriteReactor<Item>* (Service::*method)(grpc::CallbackServerContext*,
                                                               const Request*)) {
    Replace(options, index,
            std::make_unique<grpc::internal::CallbackServerStreamingHandler<Request, Item>>(
                [this, method](grpc::CallbackServerContext* context, const Request* request) {
                  return (static_cast<Service*>(this)->*method)(context, request);
                }));
  }

 private:
  void Replace(const BridgeOptions& options, int index,
               std::unique_ptr<grpc::internal::MethodHandler> handler) {
    if (options.gate == nullptr) return;
    this->MarkMethodCallback(index, new GatedHandler(std::move(handler), options));
  }
};

}  // namespace edugate::services

#endif  // SERVICES_GATED_SERVICE_H_
