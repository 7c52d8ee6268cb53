// The rules of the configuration's keys about privacy and egress.
#ifndef APP_PRIVACY_CHECK_H_
#define APP_PRIVACY_CHECK_H_

#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Checks `disclosure` and each connection's `http`.
void CheckPrivacy(const v1::Config& config, const Mistake& mistake);

}  // namespace edugate::app

#endif  // APP_PRIVACY_CHECK_H_
