// Any text as a path template, and any value in its variables. The first line is the path, the
// second the value.

#include <algorithm>
#include <string>

#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "runtime/rest/path_template.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using edugate::provider::edx_enterprise::v1::GetCourseRequest;
using google::protobuf::FieldDescriptor;

bool IsPathText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '{' && c != '}' && c != '\\';
  });
}

int Slashes(absl::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '/'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const absl::string_view path = input.Line();
  const std::string value(input.Rest());

  GetCourseRequest request;
  for (int i = 0; i < request.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = request.GetDescriptor()->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
      request.GetReflection()->SetString(&request, field, value);
    }
  }
  const auto parsed = rest::PathTemplate::Parse(path, request.GetDescriptor());
  if (parsed.ok()) {
    fuzz::Require(parsed->text() == path, "a template says what it was made from", path);
    const auto expanded = parsed->Expand(request);
    const bool refused_value = value.empty() || value == "." || value == "..";
    if (refused_value && !parsed->fields().empty()) {
      fuzz::Require(!expanded.ok(), "a value that changes the path is refused", path);
    }
    if (expanded.ok()) {
      const bool many = path.find("=**") != absl::string_view::npos;
      fuzz::Require(many || Slashes(*expanded) == Slashes(path), "a value adds no segment",
                    *expanded);
      std::string literal(path);
      for (size_t open; (open = literal.find('{')) != std::string::npos;) {
        literal.erase(open, literal.find('}', open) - open + 1);
      }
      if (IsPathText(literal)) {
        fuzz::Require(IsPathText(*expanded), "a value adds no query and no strange character",
                      *expanded);
      }
      fuzz::Require(
          parsed->fields().empty() || many || expanded->size() >= literal.size() + value.size(),
          "a value is whole in the path", *expanded);
    }
  }

  // A declared path, whose variables are segments of their own.
  const auto declared = rest::PathTemplate::Parse("/enterprise/v2/{course_key}/tail/{catalog_uuid}",
                                                  request.GetDescriptor());
  if (declared.ok()) {
    const auto expanded = declared->Expand(request);
    if (expanded.ok()) {
      fuzz::Require(IsPathText(*expanded) && Slashes(*expanded) == 5, "four segments stay four",
                    *expanded);
      fuzz::Require(expanded->find("/../") == std::string::npos &&
                        expanded->find("/./") == std::string::npos &&
                        expanded->find("//") == std::string::npos,
                    "no segment is empty or leads elsewhere", *expanded);
    }
  }
  return 0;
}

}  // namespace edugate
