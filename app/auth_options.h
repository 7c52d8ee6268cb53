// The configuration's authentication in the terms of runtime/auth.
#ifndef APP_AUTH_OPTIONS_H_
#define APP_AUTH_OPTIONS_H_

#include "app/provider_table.h"
#include "edugate/v1/config.pb.h"
#include "runtime/auth/factory.h"
#include "runtime/config/secret.h"

namespace edugate::app {

// Where a secret stands. `secret` names one of value, file and env.
config::SecretSource ToSecretSource(const v1::Secret& secret);

// `config.auth` names a scheme that `provider` takes.
auth::AuthOptions ToAuthOptions(const v1::ConnectionConfig& config, const ProviderRow& provider);

}  // namespace edugate::app

#endif  // APP_AUTH_OPTIONS_H_
