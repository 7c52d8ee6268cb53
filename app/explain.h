// `edugate check --explain`: what is in force for the whole process, for each connection and for
// each method of its provider, and where it comes from.
#ifndef APP_EXPLAIN_H_
#define APP_EXPLAIN_H_

#include <string>
#include <vector>

#include "app/value_in_force.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

struct MethodExplained {
  std::string method;  // as `methods` names it
  std::string effect;  // read, idempotent_write or write
  std::vector<ValueInForce> values;
};

struct ConnectionExplained {
  std::string id;
  std::string provider;
  std::vector<ValueInForce> values;
  std::vector<MethodExplained> methods;
};

struct Explained {
  // Of the whole process: calls, their deadlines and tokens, what the gRPC port allows a caller,
  // and how the process ends.
  std::vector<ValueInForce> server;
  std::vector<ConnectionExplained> connections;
};

// `config` has passed LoadConfigFile or LoadConfigText. No secret is in it.
Explained Explain(const v1::Config& config);

}  // namespace edugate::app

#endif  // APP_EXPLAIN_H_
