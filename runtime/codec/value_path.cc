#include "runtime/codec/value_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/codec/json_text.h"

namespace edugate::codec {

namespace {

// Names that look like identifiers may be shown; anything else may be a person's data used as a
// key: an e-mail address, a number, a UUID.
bool LooksLikeIdentifier(absl::string_view name) {
  constexpr size_t kLongest = 64;
  constexpr int kMostDigits = 6;
  if (name.empty() || name.size() > kLongest) return false;
  if (!absl::ascii_isalpha(name[0]) && name[0] != '_' && name[0] != '#') return false;
  int digits = 0;
  for (char c : name) {
    if (absl::ascii_isdigit(c)) {
      ++digits;
    } else if (!absl::ascii_isalpha(c) && c != '_' && c != '-' && c != '#') {
      return false;
    }
  }
  return digits <= kMostDigits;
}

void AppendPath(const ValuePath* at, const ValuePath* from, PathStyle style, std::string* text) {
  if (at == from) return;
  AppendPath(at->parent, from, style, text);
  if (at->kind == ValuePath::kIndex) {
    if (style == PathStyle::kDrift) {
      text->append("[]");
    } else {
      AppendPathIndex(at->index, text);
    }
  } else if (style == PathStyle::kExact || at->kind == ValuePath::kField) {
    AppendPathName(at->name, text);
  } else {
    const bool shown = at->kind == ValuePath::kForeign && LooksLikeIdentifier(at->name);
    absl::StrAppend(text, text->empty() ? "" : ".", shown ? at->name : "*");
  }
}

}  // namespace

std::string PathText(const ValuePath* at, const ValuePath* from, PathStyle style) {
  std::string text;
  AppendPath(at, from, style, &text);
  return text;
}

}  // namespace edugate::codec
