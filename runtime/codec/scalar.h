// One scalar of a body into one field: what fits, and what doesn't.
#ifndef EDUGATE_RUNTIME_CODEC_SCALAR_H_
#define EDUGATE_RUNTIME_CODEC_SCALAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/codec/schema.h"

namespace edugate::codec {

// What a JSON value is, by its first character and, for a scalar, all of them.
enum class Sort { kObject, kList, kString, kNumber, kTrue, kFalse, kNull, kInvalid };

// The sort of a value whose own characters are `token`; of an object or a list the bracket is
// enough. A string's inside is not looked at.
Sort SortOf(absl::string_view token);

// Whether a value went into its field.
enum class Fit {
  kFits,
  // The field's type can't hold it.
  kIllFitting,
  // The enum doesn't list it.
  kNewEnumValue,
  // The whole body is refused; whoever returns this has said why.
  kFailed,
};

// Where one value goes: a singular field, or the end of a repeated one.
class Slot {
 public:
  // `plan` is of a field of the message, and outlives the slot.
  Slot(google::protobuf::Message* message, const FieldPlan& plan)
      : message_(message), plan_(plan) {}

  void Bool(bool v) const { Put(&WriteAs::of_bool, &Reflection::SetBool, &Reflection::AddBool, v); }
  void Int32(int32_t v) const {
    Put(&WriteAs::of_int32, &Reflection::SetInt32, &Reflection::AddInt32, v);
  }
  void Int64(int64_t v) const {
    Put(&WriteAs::of_int64, &Reflection::SetInt64, &Reflection::AddInt64, v);
  }
  void Uint32(uint32_t v) const {
    Put(&WriteAs::of_uint32, &Reflection::SetUInt32, &Reflection::AddUInt32, v);
  }
  void Uint64(uint64_t v) const {
    Put(&WriteAs::of_uint64, &Reflection::SetUInt64, &Reflection::AddUInt64, v);
  }
  void Float(float v) const {
    Put(&WriteAs::of_float, &Reflection::SetFloat, &Reflection::AddFloat, v);
  }
  void Double(double v) const {
    Put(&WriteAs::of_double, &Reflection::SetDouble, &Reflection::AddDouble, v);
  }
  // `v` is a number that the enum lists.
  void Enum(int v) const {
    Put(&WriteAs::of_enum, &Reflection::SetEnumValue, &Reflection::AddEnumValue, v);
  }
  void String(absl::string_view v) const {
    if (plan_.writer != nullptr) {
      plan_.writer->write.of_string(message_)->assign(v.data(), v.size());
    } else if (plan_.field->is_repeated()) {
      reflection()->AddString(message_, plan_.field, std::string(v));
    } else {
      reflection()->SetString(message_, plan_.field, std::string(v));
    }
  }
  // A message to fill in.
  google::protobuf::Message* Submessage() const {
    if (plan_.writer != nullptr) return plan_.writer->write.of_message(message_);
    return plan_.field->is_repeated() ? reflection()->AddMessage(message_, plan_.field)
                                      : reflection()->MutableMessage(message_, plan_.field);
  }
  // Takes back what Submessage gave.
  void Drop() const {
    if (plan_.field->is_repeated()) {
      reflection()->RemoveLast(message_, plan_.field);
    } else {
      reflection()->ClearField(message_, plan_.field);
    }
  }

 private:
  using Reflection = google::protobuf::Reflection;
  using WriteAs = decltype(FieldWriter::write);

  const Reflection* reflection() const { return message_->GetReflection(); }

  template <typename Write, typename Set, typename Add, typename T>
  void Put(Write write, Set set, Add add, T v) const {
    if (plan_.writer != nullptr) {
      (plan_.writer->write.*write)(message_, v);
    } else if (plan_.field->is_repeated()) {
      (reflection()->*add)(message_, plan_.field, v);
    } else {
      (reflection()->*set)(message_, plan_.field, v);
    }
  }

  google::protobuf::Message* message_;
  const FieldPlan& plan_;
};

// Puts a scalar into a slot whose field is of a scalar kind (kBool to kBytes, kEnum), where it
// fits. `text` is a string's characters without quotes and escapes, or the characters of a number
// or a boolean; objects, lists and null never fit.
Fit PutScalar(Sort sort, absl::string_view text, const FieldPlan& plan, const Slot& slot);

// Whether the kind is one of the four integers.
inline bool IsInteger(ValueKind kind) {
  return kind >= ValueKind::kInt32 && kind <= ValueKind::kUint64;
}

// Puts a number into a slot whose field is of an integer kind; false where it doesn't fit.
inline bool PutInteger(int64_t number, ValueKind kind, const Slot& slot) {
  switch (kind) {
    case ValueKind::kInt64:
      slot.Int64(number);
      return true;
    case ValueKind::kInt32:
      if (number < INT32_MIN || number > INT32_MAX) return false;
      slot.Int32(static_cast<int32_t>(number));
      return true;
    case ValueKind::kUint32:
      if (number < 0 || number > UINT32_MAX) return false;
      slot.Uint32(static_cast<uint32_t>(number));
      return true;
    default:
      if (number < 0) return false;
      slot.Uint64(static_cast<uint64_t>(number));
      return true;
  }
}

// Puts a map's key into the entry's key field; false where the key's type can't hold it.
bool PutMapKey(absl::string_view name, const FieldPlan& plan, const Slot& slot);

// The double nearest to a JSON number; nothing beyond the type's range, and for an integer that a
// double can't hold.
std::optional<double> NearestDouble(absl::string_view number);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_SCALAR_H_
