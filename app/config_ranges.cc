#include "app/config_ranges.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>

#include "absl/strings/str_cat.h"
#include "app/duration.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The field of this name; null where the message doesn't have it.
const FieldDescriptor* Present(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return message.GetReflection()->HasField(message, field) ? field : nullptr;
}

}  // namespace

void CheckNumbers(const Message& message, absl::Span<const NumberRange> ranges,
                  const std::string& at, const Mistake& mistake) {
  for (const NumberRange& range : ranges) {
    const FieldDescriptor* field = Present(message, range.key);
    if (field == nullptr) continue;
    const int64_t value = field->cpp_type() == FieldDescriptor::CPPTYPE_INT64
                              ? message.GetReflection()->GetInt64(message, field)
                              : message.GetReflection()->GetInt32(message, field);
    if (value >= range.least && value <= range.most) continue;
    mistake(absl::StrCat(at, ".", range.key),
            absl::StrCat("must be from ", range.least, " to ", range.most));
  }
}

void CheckSpans(const Message& message, absl::Span<const SpanRange> ranges, const std::string& at,
                const Mistake& mistake) {
  for (const SpanRange& range : ranges) {
    const FieldDescriptor* field = Present(message, range.key);
    if (field == nullptr) continue;
    const absl::Duration value = ToDuration(static_cast<const google::protobuf::Duration&>(
        message.GetReflection()->GetMessage(message, field)));
    if (value >= range.least && value <= range.most) continue;
    mistake(absl::StrCat(at, ".", range.key),
            absl::StrCat("must be from ", absl::FormatDuration(range.least), " to ",
                         absl::FormatDuration(range.most)));
  }
}

}  // namespace edugate::app
