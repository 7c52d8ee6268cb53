// The rules of the configuration's `server`.
#ifndef APP_SERVER_CHECK_H_
#define APP_SERVER_CHECK_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "app/mistake.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

// Tells `mistake` the key and the reason of everything that is wrong: addresses, numbers and times,
// the keys of page tokens, certificates, callers from elsewhere without TLS.
void CheckServer(const v1::ServerConfig& server, const Mistake& mistake);

// INVALID_ARGUMENT where callers from elsewhere would be served without TLS and nobody has said
// that it is meant. The message goes on from the name of the key.
absl::Status CheckListen(const v1::ServerConfig& server);

// How long a call may take at most: what is configured, or the default.
absl::Duration MaxDeadline(const v1::ServerConfig& server);

}  // namespace edugate::app

#endif  // APP_SERVER_CHECK_H_
