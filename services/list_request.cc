#include "services/list_request.h"

#include "google/protobuf/util/field_mask_util.h"

namespace edugate::services {

using google::protobuf::util::FieldMaskUtil;

absl::StatusOr<ReadMask> ReadMask::Parse(const google::protobuf::FieldMask& mask,
                                         const google::protobuf::Descriptor* record) {
  for (const std::string& path : mask.paths()) {
    if (path == "*") continue;
    // protobuf overlooks an empty name between, before and after dots.
    const bool whole = !path.empty() && path.front() != '.' && path.back() != '.' &&
                       path.find("..") == std::string::npos;
    if (!whole || !FieldMaskUtil::GetFieldDescriptors(record, path, nullptr)) {
      return errors::ArgumentInvalid("read_mask", "names a field that the record does not have");
    }
  }
  ReadMask result;
  for (const std::string& path : mask.paths()) {
    if (path == "*") return ReadMask();
    result.mask_.add_paths(path);
  }
  return result;
}

void ReadMask::Apply(google::protobuf::Message& record) const {
  if (mask_.paths_size() > 0) FieldMaskUtil::TrimMessage(mask_, &record);
}

absl::StatusOr<adapters::Filter> CheckedFilter(absl::string_view text,
                                               const adapters::ListTraits& traits) {
  auto filter = adapters::ParseFilter(text);
  if (!filter.ok()) return filter.status();
  absl::Status checked = adapters::CheckFilter(*filter, traits.filters);
  if (!checked.ok()) return checked;
  return filter;
}

}  // namespace edugate::services
