// A server's protos, asked for one by one over gRPC reflection (grpc.reflection.v1alpha).
#ifndef APP_REFLECTION_DATABASE_H_
#define APP_REFLECTION_DATABASE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/rpc_client.h"
#include "google/protobuf/descriptor_database.h"

namespace grpc::reflection::v1alpha {
class ServerReflectionRequest;
}  // namespace grpc::reflection::v1alpha

namespace edugate::app {

class ReflectionDatabase final : public google::protobuf::DescriptorDatabase {
 public:
  // `client` outlives the database.
  explicit ReflectionDatabase(RpcClient& client) : client_(client) {}

  // The full names of the server's services.
  absl::StatusOr<std::vector<std::string>> ListServices();

  bool FindFileByName(const std::string& name, google::protobuf::FileDescriptorProto* out) override;
  bool FindFileContainingSymbol(const std::string& symbol,
                                google::protobuf::FileDescriptorProto* out) override;
  bool FindFileContainingExtension(const std::string&, int,
                                   google::protobuf::FileDescriptorProto*) override {
    return false;
  }

 private:
  // Keeps the files of the answer. The first file, or false.
  bool Ask(const ::grpc::reflection::v1alpha::ServerReflectionRequest& request,
           google::protobuf::FileDescriptorProto* out);
  bool AskForFile(const std::string& name, google::protobuf::FileDescriptorProto* out);
  bool AskForSymbol(const std::string& symbol, google::protobuf::FileDescriptorProto* out);

  RpcClient& client_;
  google::protobuf::SimpleDescriptorDatabase known_;
};

}  // namespace edugate::app

#endif  // APP_REFLECTION_DATABASE_H_
