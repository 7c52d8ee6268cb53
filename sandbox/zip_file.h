#ifndef EDUGATE_SANDBOX_ZIP_FILE_H_
#define EDUGATE_SANDBOX_ZIP_FILE_H_

#include <string>
#include <vector>

namespace edugate::sandbox {

// A file inside a ZIP file.
struct ZipEntry {
  std::string name;
  std::string content;
};

// The entries as a ZIP file, stored without compression (APPNOTE.TXT 6.3.3). Contents together stay
// below 4 GiB.
std::string ZipOf(const std::vector<ZipEntry>& entries);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_ZIP_FILE_H_
