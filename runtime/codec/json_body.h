// The JSON body that is being read: its tokens and texts, what it may still use up, and why it is
// refused.
#ifndef EDUGATE_RUNTIME_CODEC_JSON_BODY_H_
#define EDUGATE_RUNTIME_CODEC_JSON_BODY_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/json_tokens.h"
#include "runtime/codec/value_path.h"

namespace edugate::codec {

// One body, passed over once. What refuses it returns false (or null) and leaves the reason in
// status(). What is called for each value is inline.
class JsonBody {
 public:
  // The body must outlive this.
  JsonBody(const DecodeOptions& options, const std::string& body, JsonTokens tokens);

  // Why the body is refused.
  const absl::Status& status() const { return status_; }

  // How far the body has been read.
  JsonTokens& tokens() { return tokens_; }

  bool Fail(const ValuePath* at, absl::string_view problem);

  bool FailSyntax(const ValuePath* at) { return Fail(at, "is not valid JSON"); }

  bool CountNode(const ValuePath* at) {
    if (nodes_left_ == 0) return Fail(at, "holds too many values");
    --nodes_left_;
    return true;
  }

  // What a message takes, its texts not counted.
  bool TakeMemory(size_t bytes, const ValuePath* at) {
    if (bytes > message_bytes_left_) return Fail(at, "holds too many objects");
    message_bytes_left_ -= bytes;
    return true;
  }

  bool CheckDepth(const ValuePath* at, int depth) {
    return depth <= max_depth_ || Fail(at, "is nested too deeply");
  }

  // Takes a member's name and the colon behind it, and counts the member. `*name` is what stands
  // between the quotes.
  bool TakeMemberName(const ValuePath* at, absl::string_view* name) {
    if (!tokens_.TakeName(name) || !tokens_.TakeIf(':')) return FailSyntax(at);
    return CountNode(at);
  }

  // Takes the escapes out of a member's name unless one of them stands for no character. False,
  // with no reason left, where the name is no JSON string.
  bool ResolveName(absl::string_view* name) { return !HasEscape(*name) || UnescapeName(name); }

  // The characters of a string value, until the next one is asked for; nothing where an escape
  // stands for no character (half of a surrogate pair). A wrong escape is found by whoever keeps
  // the value then.
  std::optional<absl::string_view> Text(const JsonValue& value) {
    const absl::string_view inside = value.token.substr(1, value.token.size() - 2);
    if (!HasEscape(inside)) return inside;
    if (!UnescapeJson(inside, &unescaped_)) return std::nullopt;
    return unescaped_;
  }

  // Takes the bracket that closes a list behind its `size` elements.
  bool EndList(const ValuePath& path, size_t size) {
    if (tokens_.TakeIf(']')) return true;
    const ValuePath next = ValuePath::Element(&path, size);
    return FailSyntax(&next);
  }

  // The end of the value that starts at `start`, which is checked and whose tokens are taken; null
  // when the body is refused. The value itself is counted already, those inside it are counted
  // here.
  const char* EndOf(const char* start, const ValuePath& path, int depth);

  // The same of a value that has been read, and counted with all that is inside it, before.
  const char* EndOfEarlier(const char* start, const ValuePath& path, int depth);

 private:
  bool UnescapeName(absl::string_view* name);
  const char* ScanValue(const char* start, const ValuePath& path, int depth, size_t* nodes);

  JsonTokens tokens_;
  const char* const end_;
  const int max_depth_;
  size_t nodes_left_;
  size_t message_bytes_left_;
  absl::Status status_;
  std::string unescaped_;
  // Members' names without their escapes: paths refer to them.
  std::deque<std::string> names_;
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_JSON_BODY_H_
