#include "channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The token of a file, which is read for every call: whoever renews the token writes a new file.
class TokenFile final : public grpc::MetadataCredentialsPlugin {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // Reading a file blocks.
  bool IsBlocking() const override { return true; }

  grpc::Status GetMetadata(grpc::string_ref, grpc::string_ref, const grpc::AuthContext&,
                           std::multimap<grpc::string, grpc::string>* metadata) override {
    std::ifstream file(path_);
    std::string token;
    if (!(file >> token)) {
      return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "can't read the token file");
    }
    metadata->emplace("authorization", "Bearer " + token);
    return grpc::Status::OK;
  }

 private:
  const std::string path_;
};

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const ChannelOptions& options) {
  if (options.tls_ca.empty()) {
    if (!options.token_file.empty()) {
      throw std::runtime_error("a token goes over TLS alone: --tls-ca is missing");
    }
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ReadFile(options.tls_ca);
  auto credentials = grpc::SslCredentials(tls);
  if (options.token_file.empty()) return credentials;
  return grpc::CompositeChannelCredentials(
      credentials,
      grpc::MetadataCredentialsFromPlugin(std::make_unique<TokenFile>(options.token_file)));
}

}  // namespace

std::shared_ptr<grpc::Channel> OpenChannel(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  if (!options.service_config.empty()) {
    arguments.SetServiceConfigJSON(ReadFile(options.service_config));
  }
  return grpc::CreateCustomChannel(options.target, CredentialsOf(options), arguments);
}
