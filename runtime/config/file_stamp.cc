#include "runtime/config/file_stamp.h"

#include <sys/stat.h>

#include <string>

#include "absl/time/time.h"

namespace edugate::config {
namespace {

int64_t Nanoseconds(const timespec& time) {
  return absl::ToUnixNanos(absl::TimeFromTimespec(time));
}

}  // namespace

FileStamp StampOf(absl::string_view path) {
  struct stat status;
  if (path.empty() || stat(std::string(path).c_str(), &status) != 0) return FileStamp();
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_ns = Nanoseconds(status.st_mtim),
          .changed_ns = Nanoseconds(status.st_ctim)};
}

}  // namespace edugate::config
