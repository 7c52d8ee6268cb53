// Telling whether a file has changed, without reading it.
#ifndef EDUGATE_RUNTIME_CONFIG_FILE_STAMP_H_
#define EDUGATE_RUNTIME_CONFIG_FILE_STAMP_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace edugate::config {

// What tells one state of a file from another.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = -1;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// The stamp of the file at `path`. Symbolic links are followed, so that one that points elsewhere
// (Kubernetes' `..data`) shows. Without a file, that of a default-constructed one.
FileStamp StampOf(absl::string_view path);

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_FILE_STAMP_H_
