// Whom a connection's requests may reach, from its configuration.
#ifndef APP_ENDPOINT_OPTIONS_H_
#define APP_ENDPOINT_OPTIONS_H_

#include "edugate/v1/config.pb.h"
#include "runtime/http/curl_http_client.h"

namespace edugate::app {

// The origins of `base_url` and of `token_url`, and what `http` says. `connection` has passed
// LoadConfigFile or LoadConfigText.
http::EndpointOptions ToEndpointOptions(const v1::ConnectionConfig& connection);

}  // namespace edugate::app

#endif  // APP_ENDPOINT_OPTIONS_H_
