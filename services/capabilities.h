// What a connection supports, read off its ports.
#ifndef SERVICES_CAPABILITIES_H_
#define SERVICES_CAPABILITIES_H_

#include <string>
#include <vector>

#include "adapters/ports.h"
#include "edugate/v1/connection.pb.h"

namespace edugate::services {

// Every method of the API that goes to a provider, as Service.Method, in the order of the API.
std::vector<std::string> ProviderMethods();

// The methods that the ports offer, as Service.Method, in the order of the API.
std::vector<std::string> SupportedMethods(const adapters::Ports& ports);

// The same with filters, page sizes and the rest, as the API says it: ordered by method.
std::vector<v1::MethodCapability> CapabilitiesOf(const adapters::Ports& ports);

}  // namespace edugate::services

#endif  // SERVICES_CAPABILITIES_H_
