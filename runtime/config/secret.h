// Secrets: where they come from, and how they are kept from being seen.
#ifndef EDUGATE_RUNTIME_CONFIG_SECRET_H_
#define EDUGATE_RUNTIME_CONFIG_SECRET_H_

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace edugate::config {

// The largest secret, in bytes.
inline constexpr std::size_t kMaxSecretBytes = std::size_t{64} << 10;

// Text that must not be seen. It can't be streamed, and its memory is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(absl::string_view text);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  // The text, for the one place that sends it. Valid as long as the secret is unchanged.
  absl::string_view Reveal() const { return absl::string_view(text_.get(), size_); }

  bool empty() const { return size_ == 0; }

  // Compares in a time that depends on the sizes alone.
  friend bool operator==(const Secret& a, const Secret& b);

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  // Never inside the object, where moving it would leave a copy behind.
  std::unique_ptr<char[]> text_;
  std::size_t size_ = 0;
};

// Names the place of a secret: the configuration itself, a file or an environment variable.
class SecretSource {
 public:
  static SecretSource Value(absl::string_view value);
  static SecretSource File(std::string path);
  static SecretSource Environment(std::string variable);

  // The secret as it is now; white space at a file's end is dropped. Errors never show the secret,
  // nor the path or the variable, in whose place a person may have put one: the caller names the
  // key. NOT_FOUND: no such file or variable. FAILED_PRECONDITION: empty, larger than
  // kMaxSecretBytes, not a regular file or not readable. Reads the disk: not for every call.
  absl::StatusOr<Secret> Read() const;

  // The path of a File(); empty for others.
  absl::string_view path() const;

 private:
  struct FilePath {
    std::string path;
  };
  struct Variable {
    std::string name;
  };
  using Place = std::variant<Secret, FilePath, Variable>;

  explicit SecretSource(Place place) : place_(std::move(place)) {}

  Place place_;
};

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_SECRET_H_
