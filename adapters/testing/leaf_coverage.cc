#include "adapters/testing/leaf_coverage.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "edugate/rest/v1/options.pb.h"
#include "edugate/v1/common.pb.h"
#include "google/protobuf/any.pb.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decimal.h"
#include "runtime/codec/json_writer.h"

namespace edugate::adapters::testing {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

// The provider's record of a domain record, its unknown fields put back; null where there is none.
std::unique_ptr<Message> ProviderRecord(const Message& domain_record) {
  const Descriptor& type = *domain_record.GetDescriptor();
  const auto& reflection = *domain_record.GetReflection();
  const FieldDescriptor* record_field = type.FindFieldByName("provider_record");
  if (record_field == nullptr || !reflection.HasField(domain_record, record_field)) return nullptr;
  Any any;
  any.CopyFrom(reflection.GetMessage(domain_record, record_field));
  const std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
  const Descriptor* record_type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (record_type == nullptr) return nullptr;
  std::unique_ptr<Message> record(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(record_type)->New());
  if (!any.UnpackTo(record.get())) return nullptr;

  const FieldDescriptor* from = type.FindFieldByName("unknown_fields");
  const FieldDescriptor* to = record_type->FindFieldByName("unknown_fields");
  const int count = from == nullptr ? 0 : reflection.FieldSize(domain_record, from);
  for (int i = 0; i < count && to != nullptr; ++i) {
    v1::UnknownField unknown;
    unknown.CopyFrom(reflection.GetRepeatedMessage(domain_record, from, i));
    rest::v1::UnknownField back;
    back.set_path(unknown.path());
    back.set_json(unknown.json());
    record->GetReflection()->AddMessage(record.get(), to)->CopyFrom(back);
  }
  return record;
}

// The field that a document's key names, by its name or an alias.
const FieldDescriptor* FieldOf(const Descriptor* type, const std::string& key) {
  for (int i = 0; type != nullptr && i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->json_name() == key) return field;
    const auto& aliases = field->options().GetExtension(rest::v1::field).alias();
    if (std::find(aliases.begin(), aliases.end(), key) != aliases.end()) return field;
  }
  return nullptr;
}

std::string ScalarText(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class Comparison {
 public:
  explicit Comparison(Written written) : written_(written) {}

  std::vector<std::string> TakeMissing() { return std::move(missing_); }

  // `found` is null where nothing stands at the place.
  void Compare(const json& expected, const json* found, const Descriptor* type,
               const std::string& path) {
    if (expected.is_object()) {
      for (const auto& [key, value] : expected.items()) {
        const FieldDescriptor* field = FieldOf(type, key);
        const std::string name = field == nullptr ? key : field->json_name();
        const json* child = found != nullptr && found->is_object() && found->contains(name)
                                ? &found->at(name)
                                : nullptr;
        Compare(value, child, field == nullptr ? nullptr : field->message_type(),
                path.empty() ? key : absl::StrCat(path, ".", key));
      }
    } else if (expected.is_array()) {
      for (size_t i = 0; i < expected.size(); ++i) {
        const json* child =
            found != nullptr && found->is_array() && i < found->size() ? &found->at(i) : nullptr;
        Compare(expected[i], child, type, absl::StrCat(path, "[", i, "]"));
      }
    } else if (!expected.is_null() && !Same(expected, found)) {
      missing_.push_back(path);
    }
  }

 private:
  bool Same(const json& expected, const json* found) const {
    if (found == nullptr) return written_ == Written::kXml && expected == json("");
    if (found->is_object() || found->is_array()) return false;
    const std::string want = ScalarText(expected);
    const std::string have = ScalarText(*found);
    if (want == have) return true;
    if (written_ == Written::kXml && expected.is_boolean()) {
      return absl::EqualsIgnoreCase(want, have);
    }
    if (!expected.is_number() && !found->is_number()) return false;
    const auto wanted = codec::NormalizeDecimal(want);
    return wanted.has_value() && wanted == codec::NormalizeDecimal(have);
  }

  const Written written_;
  std::vector<std::string> missing_;
};

}  // namespace

std::vector<std::string> MissingLeaves(const std::string& document, const Message& domain_record,
                                       Written written) {
  const json expected = json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (!expected.is_object()) return {"the document is not a JSON object"};
  const std::unique_ptr<Message> record = ProviderRecord(domain_record);
  if (record == nullptr) return {"the domain record has no provider record"};
  codec::WriteOptions options;
  options.include_unknown_fields = true;
  const json found = json::parse(codec::WriteJson(*record, options));
  Comparison comparison(written);
  comparison.Compare(expected, &found, record->GetDescriptor(), "");
  return comparison.TakeMissing();
}

}  // namespace edugate::adapters::testing
