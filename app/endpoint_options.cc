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
  if (http.stall_bytes_per_second() > 0) {
    options.stall_bytes_per_second = http.stall_bytes_per_second();
  }
  if (http.has_stall_time()) options.stall_time = ToDuration(http.stall_time());
  const v1::LimitsConfig& limits = connection.limits();
  if (limits.max_response_header_bytes() > 0) {
    options.max_header_bytes = limits.max_response_header_bytes();
  }
  if (limits.max_decode_ratio() > 0) options.max_decode_ratio = limits.max_decode_ratio();
  options.ca_file = http.ca_file();
  for (const std::string& cidr : http.allowed_networks()) {
    const std::optional<http::Network> network = http::Network::Parse(cidr);
    if (network.has_value()) options.allowed_networks.push_back(*network);
  }
  return options;
}

}  // namespace edugate::app
