#include "app/endpoint_options.h"

#include <optional>
#include <string>

#include "app/duration.h"
#include "runtime/http/address_filter.h"

namespace edugate::app {

http::EndpointOptions ToEndpointOptions(const v1::ConnectionConfig& connection) {
  http::EndpointOptions options;
  options.origins.push_back(connection.base_url());
  const std::string& token_url = connection.auth().oauth2_client().token_url();
  if (!token_url.empty()) options.origins.push_back(token_url);
  const v1::HttpConfig& http = connection.http();
  options.http2 = http.http2();
  if (http.has_connect_timeout()) options.connect_timeout = ToDuration(http.connect_timeout());
  options.ca_file = http.ca_file();
  for (const std::string& cidr : http.allowed_networks()) {
    const std::optional<http::Network> network = http::Network::Parse(cidr);
    if (network.has_value()) options.allowed_networks.push_back(*network);
  }
  return options;
}

}  // namespace edugate::app
