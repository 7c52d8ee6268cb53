// A YAML document into any protobuf message, by its descriptor.
#ifndef EDUGATE_RUNTIME_CONFIG_YAML_LOADER_H_
#define EDUGATE_RUNTIME_CONFIG_YAML_LOADER_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace edugate::config {

// The largest document, in bytes.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;

// The most values that a document may hold once its aliases are followed.
inline constexpr std::size_t kMaxYamlValues = 100'000;

// Where the keys of a loaded document stand, so that a later check can name the line.
class SourceMap {
 public:
  // The line, from 1, of the key at `key_path` (as in `connections[1].auth.api_key.file`). For a
  // key that the document doesn't have, that of the nearest key around it; 1 if there is none.
  int LineOf(absl::string_view key_path) const;

  // Whether the document has the key, if only with an empty list as its value.
  bool Has(absl::string_view key_path) const { return lines_.contains(key_path); }

  void Set(const std::string& key_path, int line) { lines_[key_path] = line; }

 private:
  absl::flat_hash_map<std::string, int> lines_;
};

// Fills `*out`, which it clears first, from `text`. Keys are the fields' names in the .proto. A
// message or a map is a mapping, a repeated field a list, an enum's value its name in lower case
// without the enum's prefix (`json` for RESPONSE_FORMAT_JSON), a google.protobuf.Duration text as
// `30s`, `500ms` or `1h30m`, not negative; text takes any scalar as it is written. Environment
// variables are not expanded; anchors and aliases work, merge keys and tags don't.
//
// The error, INVALID_ARGUMENT, lists every mistake as Mistakes does: unknown keys, with what was
// probably meant; keys that stand twice; values of another type or out of the type's range; several
// members of a oneof; a key without a value; bad YAML; more than kMaxYamlBytes or kMaxYamlValues.
// No value is ever named. `*out` is then unspecified.
absl::StatusOr<SourceMap> LoadYaml(absl::string_view text, absl::string_view file_name,
                                   google::protobuf::Message* out);

// The same from the file at `path`, which is also the name that mistakes give. NOT_FOUND or
// FAILED_PRECONDITION if it can't be read.
absl::StatusOr<SourceMap> LoadYamlFile(const std::string& path, google::protobuf::Message* out);

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_YAML_LOADER_H_
