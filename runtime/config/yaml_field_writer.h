// A document's value into a message's field, by the field's type.
#ifndef EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WRITER_H_
#define EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WRITER_H_

#include <cstdint>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace edugate::config {

// One value's way into its field, whether the field holds one or a list.
class YamlFieldWriter {
 public:
  // Both must outlive this.
  YamlFieldWriter(google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor& field)
      : message_(message), reflection_(*message.GetReflection()), field_(field) {}

  // Reads a scalar as the field's type has it. Empty, or what is wrong.
  std::string SetScalar(const std::string& text);

  // The message to fill in, where the field is one.
  google::protobuf::Message* Nested() {
    return list() ? reflection_.AddMessage(&message_, &field_)
                  : reflection_.MutableMessage(&message_, &field_);
  }

 private:
  template <typename Integer>
  std::string SetInteger(const std::string& text);
  std::string SetDuration(const std::string& text);

  void Set(int32_t value) {
    list() ? reflection_.AddInt32(&message_, &field_, value)
           : reflection_.SetInt32(&message_, &field_, value);
  }
  void Set(int64_t value) {
    list() ? reflection_.AddInt64(&message_, &field_, value)
           : reflection_.SetInt64(&message_, &field_, value);
  }
  void Set(uint32_t value) {
    list() ? reflection_.AddUInt32(&message_, &field_, value)
           : reflection_.SetUInt32(&message_, &field_, value);
  }
  void Set(uint64_t value) {
    list() ? reflection_.AddUInt64(&message_, &field_, value)
           : reflection_.SetUInt64(&message_, &field_, value);
  }
  void Set(double value) {
    list() ? reflection_.AddDouble(&message_, &field_, value)
           : reflection_.SetDouble(&message_, &field_, value);
  }
  void Set(float value) {
    list() ? reflection_.AddFloat(&message_, &field_, value)
           : reflection_.SetFloat(&message_, &field_, value);
  }
  void Set(bool value) {
    list() ? reflection_.AddBool(&message_, &field_, value)
           : reflection_.SetBool(&message_, &field_, value);
  }
  void Set(const std::string& value) {
    list() ? reflection_.AddString(&message_, &field_, value)
           : reflection_.SetString(&message_, &field_, value);
  }
  void Set(const google::protobuf::EnumValueDescriptor* value) {
    list() ? reflection_.AddEnum(&message_, &field_, value)
           : reflection_.SetEnum(&message_, &field_, value);
  }

  bool list() const { return field_.is_repeated(); }

  google::protobuf::Message& message_;
  const google::protobuf::Reflection& reflection_;
  const google::protobuf::FieldDescriptor& field_;
};

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WRITER_H_
