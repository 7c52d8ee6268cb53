#include "app/rpc_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>

namespace edugate::app {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

google::rpc::Status ToRpc(const grpc::Status& status) {
  google::rpc::Status wire;
  const bool detailed =
      !status.error_details().empty() && wire.ParseFromString(status.error_details());
  if (!detailed) wire.Clear();
  wire.set_code(status.error_code());
  wire.set_message(status.error_message());
  return wire;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class GenericRpcClient final : public RpcClient {
 public:
  explicit GenericRpcClient(RpcTarget target)
      : target_(std::move(target)), stub_(Channel(target_)) {}

  google::rpc::Status Call(const std::string& path, const std::vector<std::string>& requests,
                           const std::function<void(const std::string&)>& on_reply) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + target_.timeout));
    for (const auto& [key, value] : target_.metadata) context.AddMetadata(key, value);
    grpc::CompletionQueue queue;
    auto call = stub_.PrepareCall(&context, path, &queue);
    call->StartCall(nullptr);
    bool ok = Next(queue);
    for (const std::string& request : requests) {
      if (!ok) break;
      call->Write(ToBuffer(request), nullptr);
      ok = Next(queue);
    }
    if (ok) {
      call->WritesDone(nullptr);
      Next(queue);
    }
    for (;;) {
      grpc::ByteBuffer reply;
      call->Read(&reply, nullptr);
      if (!Next(queue)) break;
      on_reply(ToBytes(reply));
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    Next(queue);
    queue.Shutdown();
    return ToRpc(status);
  }

 private:
  static std::shared_ptr<grpc::Channel> Channel(const RpcTarget& target) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (!target.ca_file.empty()) {
      grpc::SslCredentialsOptions options;
      options.pem_root_certs = ReadFile(target.ca_file);
      credentials = grpc::SslCredentials(options);
    }
    return grpc::CreateCustomChannel(target.address, credentials, arguments);
  }

  // One operation is under way at a time, so that the next event is its end.
  static bool Next(grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  }

  const RpcTarget target_;
  grpc::GenericStub stub_;
};

}  // namespace

std::unique_ptr<RpcClient> RpcClient::Connect(RpcTarget target) {
  return std::make_unique<GenericRpcClient>(std::move(target));
}

}  // namespace edugate::app
