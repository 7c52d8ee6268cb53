// The rules of the configuration's `state`.
#ifndef APP_STATE_CHECK_H_
#define APP_STATE_CHECK_H_

#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells `mistake` the key and the reason of everything that is wrong: a store that can't be used,
// times beyond their ranges or shorter than a call may take.
void CheckState(const v1::Config& config, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_STATE_CHECK_H_
