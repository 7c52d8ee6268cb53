#include "app/rpc_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/config/secret.h"

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

// What the target's files hold.
struct Credentials {
  bool tls = false;
  grpc::SslCredentialsOptions options;
  config::Secret token;
};

absl::StatusOr<std::string> ReadFile(const char* option, const std::string& path) {
  std::string content;
  if (path.empty()) return content;
  std::ifstream file(path, std::ios::binary);
  content.assign(std::istreambuf_iterator<char>(file), {});
  if (content.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": the file can't be read"));
  }
  return content;
}

// What gRPC takes for a name in metadata, and for a text as its value: with another one, it ends
// the process.
bool IsMetadataName(absl::string_view name) {
  return !name.empty() && absl::c_all_of(name, [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.';
  });
}
bool IsMetadataText(absl::string_view value) {
  return absl::c_all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
}

// Names are the same in upper and lower case, and sent in lower case. Values are told to nobody.
absl::Status MakeSendable(std::vector<std::pair<std::string, std::string>>& metadata) {
  for (auto& [name, value] : metadata) {
    absl::AsciiStrToLower(&name);
    if (!IsMetadataName(name)) {
      return absl::InvalidArgumentError(
          "--metadata: a key needs letters, digits, hyphens, underscores and dots");
    }
    if (!absl::EndsWith(name, "-bin") && !IsMetadataText(value)) {
      return absl::InvalidArgumentError(absl::StrCat("--metadata: the value of ", name,
                                                     " needs ASCII without control characters"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Credentials> ReadCredentials(const RpcTarget& target) {
  if (target.certificate_file.empty() != target.key_file.empty()) {
    return absl::InvalidArgumentError("--cert and --key belong together");
  }
  Credentials credentials;
  auto roots = ReadFile("--tls-ca", target.ca_file);
  if (!roots.ok()) return roots.status();
  auto certificate = ReadFile("--cert", target.certificate_file);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadFile("--key", target.key_file);
  if (!key.ok()) return key.status();
  credentials.tls = !roots->empty() || !certificate->empty();
  credentials.options = {.pem_root_certs = *std::move(roots),
                         .pem_private_key = *std::move(key),
                         .pem_cert_chain = *std::move(certificate)};
  if (!target.token_file.empty()) {
    auto token = config::SecretSource::File(target.token_file).Read();
    if (!token.ok()) return absl::InvalidArgumentError("--token-file: the file can't be read");
    if (!IsMetadataText(token->Reveal())) {
      return absl::InvalidArgumentError(
          "--token-file: a token needs ASCII without control characters");
    }
    credentials.token = *std::move(token);
  }
  return credentials;
}

class GenericRpcClient final : public RpcClient {
 public:
  GenericRpcClient(RpcTarget target, Credentials credentials)
      : target_(std::move(target)),
        token_(std::move(credentials.token)),
        stub_(Channel(target_, credentials)) {}

  google::rpc::Status Call(const std::string& path, const std::vector<std::string>& requests,
                           const std::function<void(const std::string&)>& on_reply) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + target_.timeout));
    for (const auto& [key, value] : target_.metadata) context.AddMetadata(key, value);
    if (!token_.empty()) {
      context.AddMetadata("authorization", absl::StrCat("Bearer ", token_.Reveal()));
    }
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
  static std::shared_ptr<grpc::Channel> Channel(const RpcTarget& target,
                                                const Credentials& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    return grpc::CreateCustomChannel(target.address,
                                     credentials.tls ? grpc::SslCredentials(credentials.options)
                                                     : grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  // One operation is under way at a time, so that the next event is its end.
  static bool Next(grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  }

  const RpcTarget target_;
  const config::Secret token_;
  grpc::GenericStub stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcClient>> RpcClient::Connect(RpcTarget target) {
  absl::Status sendable = MakeSendable(target.metadata);
  if (!sendable.ok()) return sendable;
  auto credentials = ReadCredentials(target);
  if (!credentials.ok()) return credentials.status();
  return std::make_unique<GenericRpcClient>(std::move(target), *std::move(credentials));
}

}  // namespace edugate::app
