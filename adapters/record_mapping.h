// What the mappings of all providers share: names, presence-keeping conversions, and the provider's
// record on a domain record.
#ifndef ADAPTERS_RECORD_MAPPING_H_
#define ADAPTERS_RECORD_MAPPING_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "adapters/resource_name.h"
#include "edugate/rest/v1/options.pb.h"
#include "edugate/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"

namespace edugate::adapters {

// Sets a timestamp field from a provider's text where that is an instant. Any other text stays in
// the provider's record.
template <typename Message>
void SetInstant(absl::string_view text, Message& out,
                google::protobuf::Timestamp* (Message::*mutable_field)()) {
  if (text.empty()) return;
  if (const auto instant = codec::ParseInstant(text, codec::MissingOffset::kUtc)) {
    google::protobuf::Timestamp& field = *(out.*mutable_field)();
    field.set_seconds(instant->seconds());
    field.set_nanos(instant->nanos());
  }
}

// Sets a date field from a provider's text: a date, or the date of an instant as the provider wrote
// it.
template <typename Message>
void SetDate(absl::string_view text, Message& out,
             google::type::Date* (Message::*mutable_field)()) {
  constexpr size_t kIsoDate = 10;
  if (text.empty()) return;
  auto date = codec::ParseDate(text);
  if (!date.has_value() && codec::ParseInstant(text, codec::MissingOffset::kUtc).has_value()) {
    date = codec::ParseDate(text.substr(0, kIsoDate));
  }
  if (date.has_value()) *(out.*mutable_field)() = *date;
}

// Sets a decimal field from a provider's text where that is a decimal number.
template <typename Message>
void SetDecimal(absl::string_view text, Message& out,
                google::type::Decimal* (Message::*mutable_field)()) {
  if (text.empty()) return;
  if (auto decimal = codec::NormalizeDecimal(text)) {
    (out.*mutable_field)()->set_value(*std::move(decimal));
  }
}

// The ids of records that a provider numbers, as NumberedPage compares them; empty where one has
// none.
template <typename Record>
std::vector<std::string> IdsOf(const google::protobuf::RepeatedPtrField<Record>& records) {
  std::vector<std::string> ids;
  ids.reserve(records.size());
  for (const Record& record : records) {
    ids.push_back(record.has_id() ? std::to_string(record.id()) : "");
  }
  return ids;
}

// The value that stands at this place of a record and does not fit the field there; null where
// there is none.
template <typename Record>
const rest::v1::UnknownField* IllFitting(const Record& record, absl::string_view path) {
  for (const rest::v1::UnknownField& each : record.unknown_fields()) {
    if (each.ill_fitting() && each.path() == path) return &each;
  }
  return nullptr;
}

// Whether a field of a record, of which `size` values could be read, is empty because what stands
// there does not fit: it must not pass for one that holds nothing. An element that is null is
// nothing.
template <typename Record>
bool NothingFits(const Record& record, absl::string_view field, int size) {
  if (size > 0) return false;
  for (const rest::v1::UnknownField& each : record.unknown_fields()) {
    if (!each.ill_fitting() || each.json() == "null") continue;
    absl::string_view place = each.path();
    if (absl::ConsumePrefix(&place, field) && (place.empty() || place[0] == '[')) return true;
  }
  return false;
}

// Copies a provider's record and its unknown fields onto a domain record, for view FULL. The
// unknown fields stand once: on the domain record.
template <typename Record, typename DomainRecord>
void AttachRecord(const Record& record, DomainRecord& out) {
  if (record.unknown_fields().empty()) {
    out.mutable_provider_record()->PackFrom(record);
    return;
  }
  for (const rest::v1::UnknownField& each : record.unknown_fields()) {
    v1::UnknownField& unknown = *out.add_unknown_fields();
    unknown.set_path(each.path());
    unknown.set_json(each.json());
    unknown.set_ill_fitting(each.ill_fitting());
  }
  Record known = record;
  known.clear_unknown_fields();
  out.mutable_provider_record()->PackFrom(known);
}

}  // namespace edugate::adapters

#endif  // ADAPTERS_RECORD_MAPPING_H_
