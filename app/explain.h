// `edugate check --explain`: what is in force for the whole process, for each connection and for
// each method of its provider, and where it comes from.
#ifndef APP_EXPLAIN_H_
#define APP_EXPLAIN_H_

#include <string>
#include <vector>

#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Where a value comes from.
enum class ValueSource {
  kDefault,
  kFile,         // the configuration file
  kDeclaration,  // what edugate declares of the provider's method
};

// A value that is in force, as the configuration would have it.
struct ValueInForce {
  std::string key;
  std::string value;
  ValueSource source = ValueSource::kDefault;
};

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

// As a table for people. What comes from elsewhere than the default has a mark.
std::string ExplanationText(const Explained& explained);

// As JSON: {"server": {KEY: {"value", "from"}}, "connections": [{"id", "provider", "values",
// "methods": {METHOD: {"effect", "values"}}}]}.
std::string ExplanationJson(const Explained& explained);

}  // namespace edugate::app

#endif  // APP_EXPLAIN_H_
