#include "runtime/codec/json_unknown_fields.h"

#include <utility>

namespace edugate::codec {

namespace {

using google::protobuf::Message;
using rest::v1::UnknownField;

// What unknown fields may take in all, paths included: a map's long key can stand in the path of
// many values.
constexpr size_t kFreeKeptBytes = 1 << 20;
constexpr size_t kKeptBytesPerByte = 8;

}  // namespace

UnknownField* UnknownFieldHolder::Add() {
  ++size_;
  return static_cast<UnknownField*>(reflection_->AddMessage(message_, field_));
}

void UnknownFieldHolder::Forget(int begin, int end) {
  for (int i = begin; i < end; ++i) {
    reflection_->MutableRepeatedMessage(message_, field_, i)->Clear();
    forgotten_ = true;
  }
}

void UnknownFieldHolder::RemoveForgotten() {
  int kept = 0;
  for (int i = 0; i < size_; ++i) {
    const Message& entry = reflection_->GetRepeatedMessage(*message_, field_, i);
    if (static_cast<const UnknownField&>(entry).path().empty()) continue;
    if (kept != i) reflection_->SwapElements(message_, field_, kept, i);
    ++kept;
  }
  for (; size_ > kept; --size_) reflection_->RemoveLast(message_, field_);
}

JsonUnknownFields::JsonUnknownFields(const DecodeOptions& options, size_t body_bytes,
                                     JsonBody& body)
    : body_(body),
      drift_(options.drift),
      bytes_left_(kFreeKeptBytes + kKeptBytesPerByte * body_bytes) {}

bool JsonUnknownFields::KeepUnknown(const char* start, const Scope& scope, const ValuePath& path,
                                    int depth) {
  TellUnknown(scope, path);
  return Keep(start, scope, path, depth, false);
}

bool JsonUnknownFields::KeepIllFitting(const char* start, const Scope& scope, const ValuePath& path,
                                       int depth, Fit fit) {
  if (drift_ != nullptr) {
    const std::string& message = scope.schema->descriptor()->full_name();
    const std::string drift_path = PathText(&path, scope.at, PathStyle::kDrift);
    if (fit == Fit::kNewEnumValue) {
      drift_->OnNewEnumValue(message, drift_path);
    } else {
      drift_->OnIllFitting(message, drift_path);
    }
  }
  return Keep(start, scope, path, depth, true);
}

bool JsonUnknownFields::KeepEarlier(const Seen& earlier, const Scope& scope, const ValuePath& path,
                                    int depth) {
  if (scope.holder != nullptr) scope.holder->Forget(earlier.entries_begin, earlier.entries_end);
  const char* end = body_.EndOfEarlier(earlier.start, path, depth);
  if (end == nullptr) return false;
  TellUnknown(scope, path);
  return AddEntry(absl::string_view(earlier.start, end - earlier.start), scope, path, false);
}

bool JsonUnknownFields::Keep(const char* start, const Scope& scope, const ValuePath& path,
                             int depth, bool ill_fitting) {
  const char* end = body_.EndOf(start, path, depth);
  if (end == nullptr) return false;
  return AddEntry(absl::string_view(start, end - start), scope, path, ill_fitting);
}

bool JsonUnknownFields::AddEntry(absl::string_view json, const Scope& scope, const ValuePath& path,
                                 bool ill_fitting) {
  if (scope.holder == nullptr) return true;
  std::string text = PathText(&path, scope.holder->at(), PathStyle::kExact);
  const size_t size = json.size() + text.size();
  if (size > bytes_left_) return body_.Fail(&path, "holds too much outside its schema");
  bytes_left_ -= size;
  UnknownField* entry = scope.holder->Add();
  entry->set_path(std::move(text));
  entry->set_json(std::string(json));
  entry->set_ill_fitting(ill_fitting);
  return true;
}

void JsonUnknownFields::TellUnknown(const Scope& scope, const ValuePath& path) {
  if (drift_ == nullptr) return;
  drift_->OnUnknownField(scope.schema->descriptor()->full_name(),
                         PathText(&path, scope.at, PathStyle::kDrift));
}

}  // namespace edugate::codec
