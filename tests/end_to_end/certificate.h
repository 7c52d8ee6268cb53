// Certificates for tests, made by the system's openssl.
#ifndef TESTS_END_TO_END_CERTIFICATE_H_
#define TESTS_END_TO_END_CERTIFICATE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {

// A file's content.
std::string FileText(const std::string& path);

// A certificate that signs itself, and its key, in files of the folder.
struct Certificate {
  // For the names of `alternative_names` (as openssl writes them), by default those of a server
  // here, and with `name` as its common name.
  Certificate(const TemporaryFolder& folder, const std::string& name,
              absl::string_view alternative_names = "DNS:localhost,IP:127.0.0.1");

  std::string Text() const { return FileText(file); }
  std::string KeyText() const { return FileText(key_file); }

  std::string file;
  std::string key_file;
};

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_CERTIFICATE_H_
