#include "tests/end_to_end/certificate.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace edugate::end_to_end {

std::string FileText(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Certificate::Certificate(const TemporaryFolder& folder, const std::string& name,
                         absl::string_view alternative_names)
    : file(folder.path() + "/" + name + ".pem"), key_file(folder.path() + "/" + name + ".key") {
  const Ended made = RunProgram(
      {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
       "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
       absl::StrCat("subjectAltName=", alternative_names), "-keyout", key_file, "-out", file});
  if (made.exit_code != 0) {
    std::fprintf(stderr, "openssl: %s\n", made.err.c_str());
    std::abort();
  }
}

}  // namespace edugate::end_to_end
