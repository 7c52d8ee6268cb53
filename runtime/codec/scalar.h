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
  Slot(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field)
      : Slot(message, message->GetReflection(), field) {}
  // `reflection` is the message's own, for whoever fills in several of its fields.
  Slot(google::protobuf::Message* message, const google::protobuf::Reflection* reflection,
       const google::protobuf::FieldDescriptor* field)
      : message_(message), reflection_(reflection), field_(field) {}

  void Bool(bool v) const { Put(&Reflection::SetBool, &Reflection::AddBool, v); }
  void Int32(int32_t v) const { Put(&Reflection::SetInt32, &Reflection::AddInt32, v); }
  void Int64(int64_t v) const { Put(&Reflection::SetInt64, &Reflection::AddInt64, v); }
  void Uint32(uint32_t v) const { Put(&Reflection::SetUInt32, &Reflection::AddUInt32, v); }
  void Uint64(uint64_t v) const { Put(&Reflection::SetUInt64, &Reflection::AddUInt64, v); }
  void Float(float v) const { Put(&Reflection::SetFloat, &Reflection::AddFloat, v); }
  void Double(double v) const { Put(&Reflection::SetDouble, &Reflection::AddDouble, v); }
  void Enum(int v) const { Put(&Reflection::SetEnumValue, &Reflection::AddEnumValue, v); }
  void String(std::string v) const {
    if (field_->is_repeated()) {
      reflection_->AddString(message_, field_, std::move(v));
    } else {
      reflection_->SetString(message_, field_, std::move(v));
    }
  }
  // A message to fill in.
  google::protobuf::Message* Submessage() const {
    return field_->is_repeated() ? reflection_->AddMessage(message_, field_)
                                 : reflection_->MutableMessage(message_, field_);
  }
  // Takes back what Submessage gave.
  void Drop() const {
    if (field_->is_repeated()) {
      reflection_->RemoveLast(message_, field_);
    } else {
      reflection_->ClearField(message_, field_);
    }
  }

 private:
  using Reflection = google::protobuf::Reflection;

  template <typename Set, typename Add, typename T>
  void Put(Set set, Add add, T v) const {
    if (field_->is_repeated()) {
      (reflection_->*add)(message_, field_, v);
    } else {
      (reflection_->*set)(message_, field_, v);
    }
  }

  google::protobuf::Message* message_;
  const Reflection* reflection_;
  const google::protobuf::FieldDescriptor* field_;
};

// Puts a scalar into a slot whose field is of a scalar kind (kBool to kBytes, kEnum), where it
// fits. `text` is a string's characters without quotes and escapes, or the characters of a number
// or a boolean; objects, lists and null never fit.
Fit PutScalar(Sort sort, absl::string_view text, const FieldPlan& plan, const Slot& slot);

// Puts a map's key into the entry's key field; false where the key's type can't hold it.
bool PutMapKey(absl::string_view name, const FieldPlan& plan, const Slot& slot);

// The double nearest to a JSON number; nothing beyond the type's range, and for an integer that a
// double can't hold.
std::optional<double> NearestDouble(absl::string_view number);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_SCALAR_H_
