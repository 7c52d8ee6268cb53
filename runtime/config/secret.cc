#include "runtime/config/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace edugate::config {
namespace {

// Bytes that are wiped when they go out of use.
class WipedBuffer {
 public:
  explicit WipedBuffer(std::size_t capacity)
      : bytes_(std::make_unique<char[]>(capacity)), capacity_(capacity) {}
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer() { OPENSSL_cleanse(bytes_.get(), capacity_); }

  char* data() { return bytes_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> bytes_;
  const std::size_t capacity_;
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status SystemError(absl::string_view what, int error) {
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError("there is no such file");
  char text[128];
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", strerror_r(error, text, sizeof(text))));
}

absl::Status TooLarge() {
  return absl::FailedPreconditionError(absl::StrCat("is larger than ", kMaxSecretBytes, " bytes"));
}

absl::StatusOr<Secret> NotEmpty(absl::string_view text) {
  if (text.empty()) return absl::FailedPreconditionError("is empty");
  if (text.size() > kMaxSecretBytes) return TooLarge();
  return Secret(text);
}

absl::string_view WithoutTrailingSpace(absl::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n\v\f");
  return text.substr(0, last == absl::string_view::npos ? 0 : last + 1);
}

absl::StatusOr<Secret> ReadFile(const std::string& path) {
  // Without blocking: a pipe in the secret's place must not hang the process.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError("the file can't be opened", errno);
  struct stat status;
  if (fstat(file.get(), &status) != 0) return SystemError("the file can't be read", errno);
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError("is not a regular file");
  WipedBuffer buffer(kMaxSecretBytes + 1);
  std::size_t size = 0;
  while (size < buffer.capacity()) {
    const ssize_t got = read(file.get(), buffer.data() + size, buffer.capacity() - size);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("the file can't be read", errno);
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxSecretBytes) return TooLarge();
  return NotEmpty(WithoutTrailingSpace(absl::string_view(buffer.data(), size)));
}

absl::StatusOr<Secret> ReadVariable(const std::string& name) {
  // edugate never changes its environment, so that reading it is safe on any thread.
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return absl::NotFoundError("there is no such environment variable");
  return NotEmpty(value);
}

}  // namespace

Secret::Secret(absl::string_view text)
    : text_(text.empty() ? nullptr : std::make_unique<char[]>(text.size())), size_(text.size()) {
  if (size_ > 0) std::memcpy(text_.get(), text.data(), size_);
}

Secret::Secret(const Secret& other) : Secret(other.Reveal()) {}

Secret::Secret(Secret&& other) noexcept
    : text_(std::move(other.text_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret other) noexcept {
  std::swap(text_, other.text_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (text_ != nullptr) OPENSSL_cleanse(text_.get(), size_);
}

bool operator==(const Secret& a, const Secret& b) {
  return a.size_ == b.size_ &&
         (a.size_ == 0 || CRYPTO_memcmp(a.text_.get(), b.text_.get(), a.size_) == 0);
}

SecretSource SecretSource::Value(absl::string_view value) { return SecretSource(Secret(value)); }

SecretSource SecretSource::File(std::string path) {
  return SecretSource(FilePath{std::move(path)});
}

SecretSource SecretSource::Environment(std::string variable) {
  return SecretSource(Variable{std::move(variable)});
}

absl::StatusOr<Secret> SecretSource::Read() const {
  if (const auto* file = std::get_if<FilePath>(&place_)) return ReadFile(file->path);
  if (const auto* variable = std::get_if<Variable>(&place_)) return ReadVariable(variable->name);
  return NotEmpty(std::get<Secret>(place_).Reveal());
}

absl::string_view SecretSource::path() const {
  const auto* file = std::get_if<FilePath>(&place_);
  return file == nullptr ? absl::string_view() : absl::string_view(file->path);
}

}  // namespace edugate::config
