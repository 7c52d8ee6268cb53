// The configuration's time spans in abseil's terms.
#ifndef APP_DURATION_H_
#define APP_DURATION_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace edugate::app {

inline absl::Duration ToDuration(const google::protobuf::Duration& span) {
  return absl::Seconds(span.seconds()) + absl::Nanoseconds(span.nanos());
}

}  // namespace edugate::app

#endif  // APP_DURATION_H_
