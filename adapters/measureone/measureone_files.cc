#include "adapters/measureone/measureone_files.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "adapters/utf8.h"

namespace edugate::adapters {
namespace {

struct FileType {
  const char* media_type;
  const char* endings;  // joined by blanks
};

constexpr std::array kTypes = {
    FileType{"application/pdf", "pdf"},    FileType{"application/json", "json"},
    FileType{"application/msword", "doc"}, FileType{"image/jpeg", "jpg jpeg"},
    FileType{"image/png", "png"},          FileType{"image/tiff", "tif tiff"},
    FileType{"text/html", "html htm"},     FileType{"text/plain", "txt"},
};

const FileType* TypeOf(absl::string_view media_type) {
  for (const FileType& type : kTypes) {
    if (media_type == type.media_type) return &type;
  }
  return nullptr;
}

bool EndsLike(absl::string_view file_name, const FileType& type) {
  for (absl::string_view ending : absl::StrSplit(type.endings, ' ')) {
    if (absl::EndsWithIgnoreCase(file_name, absl::StrCat(".", ending))) return true;
  }
  return false;
}

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name != "." && name != ".." &&
         IsUtf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
           return c == '/' || c == '\\' || absl::ascii_iscntrl(static_cast<unsigned char>(c));
         });
}

}  // namespace

bool IsSupportedMediaType(absl::string_view media_type) { return TypeOf(media_type) != nullptr; }

std::string ListedMediaTypes() {
  return absl::StrJoin(kTypes, ", ", [](std::string* out, const FileType& type) {
    absl::StrAppend(out, type.media_type);
  });
}

std::vector<errors::FieldViolation> CheckFileHeader(const v1::TranscriptFileHeader& header) {
  std::vector<errors::FieldViolation> violations;
  const FileType* type = TypeOf(header.media_type());
  if (type == nullptr) {
    violations.push_back(
        {"header.media_type", absl::StrCat("must be one of ", ListedMediaTypes())});
  }
  if (!IsPlainName(header.file_name())) {
    violations.push_back({"header.file_name",
                          "must be a name without folders and control characters, 1 to 255 bytes "
                          "of UTF-8"});
  } else if (type != nullptr && !EndsLike(header.file_name(), *type)) {
    violations.push_back({"header.file_name",
                          absl::StrCat("must end like a file of its media type: ", type->endings)});
  }
  return violations;
}

}  // namespace edugate::adapters
