// docs/capabilities.md: what each provider supports, read off what the adapters register.
#ifndef APP_CAPABILITIES_DOCUMENT_H_
#define APP_CAPABILITIES_DOCUMENT_H_

#include <string>

namespace edugate::app {

// The whole page, in Markdown. Calls no provider.
std::string CapabilitiesDocument();

}  // namespace edugate::app

#endif  // APP_CAPABILITIES_DOCUMENT_H_
