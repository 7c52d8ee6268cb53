// A value of the configuration, as it is in force, and where it comes from.
#ifndef APP_VALUE_IN_FORCE_H_
#define APP_VALUE_IN_FORCE_H_

#include <string>
#include <vector>

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

using Values = std::vector<ValueInForce>;

}  // namespace edugate::app

#endif  // APP_VALUE_IN_FORCE_H_
