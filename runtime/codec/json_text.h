// JSON as text: finding a value's end, quoting, and the paths of unknown fields.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_TEXT_H_
#define EDUGATE_RUNTIME_CODEC_JSON_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::codec {

// What ScanJsonValue stumbled over.
enum class JsonFlaw { kNone, kSyntax, kTooDeep, kTooManyValues };

// What a JSON value may still use up.
struct JsonBudget {
  // Levels of lists and objects.
  int depth = 0;
  // Values.
  size_t nodes = 0;
};

// Checks the JSON value (RFC 8259, all of its grammar but the encoding) that starts at `begin` and
// returns its end, or null with the flaw. What the value uses up is taken from budget.nodes.
const char* ScanJsonValue(const char* begin, const char* end, JsonBudget* budget, JsonFlaw* flaw);

// True for one JSON value with nothing around it but white space, nested at most 512 deep.
bool IsJsonText(absl::string_view text);

// The text as a JSON string, quotes included; bytes that aren't UTF-8 become U+FFFD.
std::string QuoteJson(absl::string_view text);

// Takes the escapes out of what stands between a JSON string's quotes, into `*text`. False for a
// wrong escape and for half of a surrogate pair.
bool UnescapeJson(absl::string_view inside, std::string* text);

// The characters of a JSON string; nothing for anything else.
std::optional<std::string> UnquoteJson(absl::string_view json);

// One step of an UnknownField's path: a member's name, or a list's position where there is no name.
struct PathStep {
  std::optional<std::string> name;
  size_t index = 0;
};

// Appends a member's name to a path: .name, or ["name"] where the name itself holds what paths are
// made of.
void AppendPathName(absl::string_view name, std::string* path);
// Appends a list position to a path.
void AppendPathIndex(size_t index, std::string* path);
// Takes a path apart. Nothing for what AppendPathName and AppendPathIndex can't have written.
std::optional<std::vector<PathStep>> SplitPath(absl::string_view path);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_TEXT_H_
