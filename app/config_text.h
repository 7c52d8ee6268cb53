// A configuration as YAML, for people to look at: without its secrets.
#ifndef APP_CONFIG_TEXT_H_
#define APP_CONFIG_TEXT_H_

#include <string>

#include "edugate/v1/config.pb.h"

namespace edugate::app {

// What stands for a value that is not shown.
inline constexpr char kHidden[] = "(hidden)";

// The keys that are set, in the spelling of the configuration's reference. A field of class
// DATA_CLASS_SECRET is hidden, and so are free parameters of token requests, which may be
// credentials.
std::string ConfigText(const v1::Config& config);

}  // namespace edugate::app

#endif  // APP_CONFIG_TEXT_H_
