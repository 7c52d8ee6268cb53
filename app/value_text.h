// How values in force are written: as the configuration would have them.
#ifndef APP_VALUE_TEXT_H_
#define APP_VALUE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "app/value_in_force.h"
#include "edugate/v1/config.pb.h"

namespace edugate::app {

std::string Text(int64_t value);
std::string Text(absl::Duration value);
std::string Text(const v1::TokenBucketConfig& bucket);
std::string YesNo(bool value);

// Where a value comes from that the file holds where it is `configured`.
ValueSource FileIf(bool configured);

// What a text of the configuration holds, or else this.
ValueInForce TextOr(const std::string& key, const std::string& configured,
                    const std::string& otherwise);

}  // namespace edugate::app

#endif  // APP_VALUE_TEXT_H_
