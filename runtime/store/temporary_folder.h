// For tests: a folder that goes with the test.
#ifndef EDUGATE_RUNTIME_STORE_TEMPORARY_FOLDER_H_
#define EDUGATE_RUNTIME_STORE_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace edugate::store {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = testing::TempDir() + "edugate-store-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_TEMPORARY_FOLDER_H_
