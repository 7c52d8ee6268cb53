// Checks the configuration of what stands between a connection's calls and its provider.
#ifndef APP_RESILIENCE_CHECK_H_
#define APP_RESILIENCE_CHECK_H_

#include <string>

#include "app/mistake.h"
#include "app/provider_table.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells each mistake in the rates that connections share.
void CheckRateLimits(const v1::Config& config, const Mistake& mistake);

// Tells each mistake in a connection's `retry`, `breaker`, `concurrency`, `rate_limit`, `cache` and
// `methods`; `key` is the connection's own.
void CheckResilience(const v1::Config& config, const v1::ConnectionConfig& connection,
                     const ProviderRow& provider, const std::string& key, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_RESILIENCE_CHECK_H_
