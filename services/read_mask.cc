#include "services/read_mask.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"
#include "runtime/privacy/classification.h"

namespace edugate::services {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::FieldMaskUtil;

constexpr char kEverything[] = "*";

bool IsWithin(const std::string& path, const std::string& other) {
  return path == other || absl::StartsWith(path, absl::StrCat(other, "."));
}

// Whether the mask asks for some of what is at the path.
bool AsksFor(const FieldMask& mask, const std::string& path) {
  return std::any_of(mask.paths().begin(), mask.paths().end(), [&](const std::string& each) {
    return IsWithin(each, path) || IsWithin(path, each);
  });
}

// The mask of a request; null where it has none, or one that asks for everything.
const FieldMask* MaskOf(const Message& request) {
  const FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName("read_mask");
  if (field == nullptr || field->message_type() != FieldMask::descriptor()) return nullptr;
  const auto& mask =
      static_cast<const FieldMask&>(request.GetReflection()->GetMessage(request, field));
  return mask.paths().empty() ? nullptr : &mask;
}

}  // namespace

absl::Status CheckReadMask(const FieldMask& mask, const google::protobuf::Descriptor* record) {
  for (const std::string& path : mask.paths()) {
    if (path == kEverything) continue;
    // protobuf overlooks an empty name between, before and after dots.
    const bool whole = !path.empty() && path.front() != '.' && path.back() != '.' &&
                       path.find("..") == std::string::npos;
    if (!whole || !FieldMaskUtil::GetFieldDescriptors(record, path, nullptr)) {
      return errors::ArgumentInvalid("read_mask", "names a field that the record does not have");
    }
  }
  return absl::OkStatus();
}

void ApplyReadMask(const FieldMask& mask, Message& record) {
  const bool all = mask.paths().empty() || std::find(mask.paths().begin(), mask.paths().end(),
                                                     kEverything) != mask.paths().end();
  if (all) return;
  const FieldDescriptor* const redacted = privacy::RedactedFieldsOf(*record.GetDescriptor());
  std::vector<std::string> hidden;
  const Reflection& reflection = *record.GetReflection();
  for (int i = 0; redacted != nullptr && i < reflection.FieldSize(record, redacted); ++i) {
    std::string path = reflection.GetRepeatedString(record, redacted, i);
    if (AsksFor(mask, path)) hidden.push_back(std::move(path));
  }
  FieldMaskUtil::TrimMessage(mask, &record);
  if (redacted == nullptr) return;
  reflection.ClearField(&record, redacted);
  for (std::string& path : hidden) reflection.AddString(&record, redacted, std::move(path));
}

void ApplyReadMaskOf(const Message& request, Message& reply) {
  const FieldMask* const mask = MaskOf(request);
  if (mask == nullptr) return;
  const google::protobuf::Descriptor& type = *reply.GetDescriptor();
  if (privacy::RedactedFieldsOf(type) != nullptr) return ApplyReadMask(*mask, reply);
  const Reflection& reflection = *reply.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!field.is_repeated() || field.message_type() == nullptr ||
        privacy::RedactedFieldsOf(*field.message_type()) == nullptr) {
      continue;
    }
    for (int n = 0; n < reflection.FieldSize(reply, &field); ++n) {
      ApplyReadMask(*mask, *reflection.MutableRepeatedMessage(&reply, &field, n));
    }
  }
}

}  // namespace edugate::services
