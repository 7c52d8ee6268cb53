// The members of a JSON object, one after the other: how lines of the log and other small documents
// are written.
#ifndef RUNTIME_TELEMETRY_JSON_FIELDS_H_
#define RUNTIME_TELEMETRY_JSON_FIELDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::telemetry {

// Keys are literals of letters, digits, '_' and '.'.
class JsonFields {
 public:
  JsonFields& Text(absl::string_view key, absl::string_view value);
  JsonFields& Texts(absl::string_view key, const std::vector<std::string>& values);
  JsonFields& Integer(absl::string_view key, int64_t value);
  // With three digits after the point; what is no number, or beyond 10^12, is null.
  JsonFields& Decimal(absl::string_view key, double value);
  JsonFields& Bool(absl::string_view key, bool value);
  // A value that is JSON already.
  JsonFields& Json(absl::string_view key, absl::string_view json);

  // The members without braces: `"a":1,"b":"x"`.
  const std::string& text() const { return text_; }
  // The object.
  std::string Object() const;

 private:
  void Key(absl::string_view key);

  std::string text_;
};

}  // namespace edugate::telemetry

#endif  // RUNTIME_TELEMETRY_JSON_FIELDS_H_
