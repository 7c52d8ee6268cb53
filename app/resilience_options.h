// From the configuration to what stands between a connection's calls and its provider. The one
// place where a key that is not there gets its default.
#ifndef APP_RESILIENCE_OPTIONS_H_
#define APP_RESILIENCE_OPTIONS_H_

#include "edugate/v1/config.pb.h"
#include "runtime/resilience/rate_limit.h"
#include "runtime/resilience/safeguards.h"

namespace edugate::app {

// All but the rate limits, which are objects of their own. `connection` has passed LoadConfigFile
// or LoadConfigText.
resilience::SafeguardOptions ToSafeguardOptions(const v1::ConnectionConfig& connection);

resilience::TokenBucketOptions ToTokenBucketOptions(const v1::TokenBucketConfig& config);

}  // namespace edugate::app

#endif  // APP_RESILIENCE_OPTIONS_H_
