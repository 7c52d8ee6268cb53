// A JSON body as its tokens, once the parser's first pass has found where each of them starts. What
// takes tokens is compiled into its callers: it is called for every name and every value.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_TOKENS_H_
#define EDUGATE_RUNTIME_CODEC_JSON_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "runtime/codec/decimal.h"
#include "runtime/codec/scalar.h"

namespace edugate::codec {

// One value of the body. A scalar has been taken from the tokens, of a list or object the bracket.
struct JsonValue {
  // A scalar's own characters; of a list or object only the bracket.
  absl::string_view token;
  Sort sort;
  // Whether SmallInteger reads the token, and what it gives.
  bool small;
  int64_t integer;
};

inline bool IsJsonWhite(char c) {
  if (static_cast<unsigned char>(c) > ' ') return false;
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The body as the parser's first pass has cut it: each bracket, colon and comma, each string and
// each other run of characters is a token. The pass has checked the encoding, and that every string
// ends and holds no control character.
class JsonTokens {
 public:
  // `starts` are the `count` positions at which tokens start, followed by the body's size, twice.
  JsonTokens(const std::string& body, const uint32_t* starts, uint32_t count)
      : text_(body.data()), next_(starts), end_(starts + count) {}

  bool AtEnd() const { return next_ == end_; }

  // The first character of the next token; behind the last one, NUL.
  char Peek() const { return text_[*next_]; }

  // Goes past the next token where it begins with `c`.
  bool TakeIf(char c) {
    if (Peek() != c) return false;
    ++next_;
    return true;
  }

  // Takes the next token as a name, and gives what stands between its quotes. False where it is
  // none.
  bool TakeName(absl::string_view* name) {
    if (Peek() != '"') return false;
    const absl::string_view token = Token();
    if (token.size() < 2) return false;
    *name = token.substr(1, token.size() - 2);
    ++next_;
    return true;
  }

  // Takes the next token as a value or its opening bracket, and nothing where it is neither.
  ABSL_ATTRIBUTE_ALWAYS_INLINE JsonValue TakeValue() {
    JsonValue value{Token(), Sort::kInvalid, false, 0};
    if (Peek() == '"') {
      if (value.token.size() > 1 && value.token.back() == '"') value.sort = Sort::kString;
    } else if (SmallInteger(value.token, &value.integer)) {
      value.sort = Sort::kNumber;
      value.small = true;
    } else {
      value.sort = SortOf(value.token);
    }
    if (value.sort != Sort::kInvalid) ++next_;
    return value;
  }

  // Goes past the tokens that start before `end`.
  void SkipTo(const char* end) {
    while (!AtEnd() && text_ + *next_ < end) ++next_;
  }

 private:
  // The next token without the white space behind it; empty at the end.
  absl::string_view Token() const {
    const char* begin = text_ + next_[0];
    const char* end = text_ + next_[1];
    while (end != begin && IsJsonWhite(end[-1])) --end;
    return absl::string_view(begin, end - begin);
  }

  const char* text_;
  const uint32_t* next_;
  const uint32_t* end_;
};

inline uint64_t EightBytes(const char* at) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

// Whether a text inside the body holds a backslash. Reads up to seven bytes behind it, which are
// the body's or its padding.
inline bool HasEscape(absl::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end; at += sizeof kOnes) {
    const uint64_t x = EightBytes(at) ^ (kOnes * '\\');
    const bool here = ((x - kOnes) & ~x & kHighs) != 0;
    if (here && std::memchr(at, '\\', end - at) != nullptr) return true;
  }
  return false;
}

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_TOKENS_H_
