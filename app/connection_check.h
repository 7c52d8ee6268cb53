// The rules of one of the configuration's `connections`.
#ifndef APP_CONNECTION_CHECK_H_
#define APP_CONNECTION_CHECK_H_

#include <string>

#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells `mistake` everything that is wrong with the connection but for its id and its `http`; `key`
// is its own. A provider that there is not ends the check.
void CheckConnection(const v1::Config& config, const v1::ConnectionConfig& connection,
                     const std::string& key, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_CONNECTION_CHECK_H_
