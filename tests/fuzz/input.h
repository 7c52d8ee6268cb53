// A fuzz target's input, taken apart from its front.
#ifndef TESTS_FUZZ_INPUT_H_
#define TESTS_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace edugate::fuzz {

// Stands in a reply wherever the input holds byte 1, and may reach nothing that edugate says: it is
// no word that a provider's code could be.
inline constexpr absl::string_view kCanary = "c@nary 7f3a";

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  // The next byte; 0 at the end.
  std::uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  // A choice out of `count`, by the next byte: '0' is the first, so that a corpus can be written by
  // hand.
  std::size_t Choice(std::size_t count) { return static_cast<std::uint8_t>(Byte() - '0') % count; }

  // Up to `size` of the next bytes.
  absl::string_view Bytes(std::size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  // Up to the next line feed, which is dropped.
  absl::string_view Line() {
    const std::size_t end = rest_.find('\n');
    const absl::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
    return line;
  }

  // All that is left.
  absl::string_view Rest() { return Bytes(rest_.size()); }

 private:
  absl::string_view rest_;
};

// The text with the canary where it holds byte 1.
inline std::string WithCanary(absl::string_view text) {
  return absl::StrReplaceAll(text, {{absl::string_view("\x01", 1), kCanary}});
}

}  // namespace edugate::fuzz

#endif  // TESTS_FUZZ_INPUT_H_
