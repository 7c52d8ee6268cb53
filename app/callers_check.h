// What the configuration's `callers` must be beside well-formed.
#ifndef APP_CALLERS_CHECK_H_
#define APP_CALLERS_CHECK_H_

#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells `mistake` the key and the reason of everything that is wrong: callers that can't be known,
// methods and connections that there are not, a key set that can't be used.
void CheckCallers(const v1::Config& config, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_CALLERS_CHECK_H_
