// A gRPC client for any method of any server that offers reflection: what `edugate call` is made
// of.
#ifndef APP_RPC_CLIENT_H_
#define APP_RPC_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"

namespace edugate::app {

struct RpcTarget {
  std::string address;  // HOST:PORT
  // PEM files. Any of them: TLS. Without `ca_file` the system's authorities are trusted; the
  // client's own certificate and key belong together.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  // A file whose content is sent as a bearer token; empty: none.
  std::string token_file;
  absl::Duration timeout = absl::Seconds(60);
  std::vector<std::pair<std::string, std::string>> metadata;
};

// One connection to a server. Blocking; for the command line.
class RpcClient {
 public:
  // Errors: a file that can't be read; a certificate without its key; metadata or a token that
  // can't be sent.
  static absl::StatusOr<std::unique_ptr<RpcClient>> Connect(RpcTarget target);

  virtual ~RpcClient() = default;

  // Calls a method, /package.Service/Method, with serialized requests; `on_reply` gets each
  // serialized reply as it comes. What the server's status says, with its details.
  virtual google::rpc::Status Call(const std::string& path,
                                   const std::vector<std::string>& requests,
                                   const std::function<void(const std::string&)>& on_reply) = 0;
};

}  // namespace edugate::app

#endif  // APP_RPC_CLIENT_H_
