// UTF-8, as far as names and filters need it.
#ifndef ADAPTERS_UTF8_H_
#define ADAPTERS_UTF8_H_

#include "absl/strings/string_view.h"

namespace edugate::adapters {

// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond
// U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace edugate::adapters

#endif  // ADAPTERS_UTF8_H_
