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
  std::string ca_file;  // PEM; not empty: TLS
  absl::Duration timeout = absl::Seconds(60);
  std::vector<std::pair<std::string, std::string>> metadata;
};

// One connection to a server. Blocking; for the command line.
class RpcClient {
 public:
  static std::unique_ptr<RpcClient> Connect(RpcTarget target);

  virtual ~RpcClient() = default;

  // Calls a method, /package.Service/Method, with serialized requests; `on_reply` gets each
  // serialized reply as it comes. What the server's status says, with its details.
  virtual google::rpc::Status Call(const std::string& path,
                                   const std::vector<std::string>& requests,
                                   const std::function<void(const std::string&)>& on_reply) = 0;
};

}  // namespace edugate::app

#endif  // APP_RPC_CLIENT_H_
