// Any text as a date or an instant.

#include <cstring>
#include <string>

#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/util/time_util.h"
#include "runtime/codec/dates.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using google::protobuf::Timestamp;

bool Same(const Timestamp& a, const Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}

bool Same(const google::type::Date& a, const google::type::Date& b) {
  return a.year() == b.year() && a.month() == b.month() && a.day() == b.day();
}

void RequireSound(const Timestamp& instant, absl::string_view text) {
  const std::string written = codec::FormatRfc3339(instant);
  fuzz::Require(!written.empty(), "an instant is a valid one", text);
  const auto again = codec::ParseInstant(written);
  fuzz::Require(again.has_value() && Same(*again, instant), "an instant is read as it is written",
                written);
  Timestamp other;
  fuzz::Require(
      google::protobuf::util::TimeUtil::FromString(written, &other) && Same(other, instant),
      "another reader reads the same instant", written);
}

void RequireSound(const google::type::Date& date, absl::string_view text) {
  const std::string written = codec::FormatDate(date);
  fuzz::Require(!written.empty(), "a date is a valid one", text);
  const auto again = codec::ParseDate(written);
  fuzz::Require(again.has_value() && Same(*again, date), "a date is read as it is written",
                written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const absl::string_view text = input.Rest();

  const auto date = codec::ParseDate(text);
  if (date.has_value()) RequireSound(*date, text);

  const auto strict = codec::ParseInstant(text);
  const auto loose = codec::ParseInstant(text, codec::MissingOffset::kUtc);
  if (strict.has_value()) {
    RequireSound(*strict, text);
    fuzz::Require(loose.has_value() && Same(*strict, *loose),
                  "an instant with an offset needs no other", text);
  }
  if (loose.has_value()) RequireSound(*loose, text);
  fuzz::Require(!(date.has_value() && loose.has_value()), "a text is a date or an instant", text);

  for (const codec::EpochUnit unit : {codec::EpochUnit::kSeconds, codec::EpochUnit::kMillis}) {
    const auto epoch = codec::ParseEpoch(text, unit);
    if (epoch.has_value()) RequireSound(*epoch, text);
    int64_t number = 0;
    if (size >= sizeof number) {
      std::memcpy(&number, data, sizeof number);
      const auto counted = codec::ParseEpoch(number, unit);
      const auto written = codec::ParseEpoch(std::to_string(number), unit);
      fuzz::Require(counted.has_value() == written.has_value(), "a number is its text");
      if (counted.has_value()) {
        RequireSound(*counted, text);
        fuzz::Require(Same(*counted, *written), "a number is its text");
      }
    }
  }

  for (int kind = 0; kind <= rest::v1::DateKind_MAX; ++kind) {
    if (!rest::v1::DateKind_IsValid(kind)) continue;
    const auto either = codec::ParseByKind(text, static_cast<rest::v1::DateKind>(kind));
    if (!either.has_value()) continue;
    fuzz::Require(kind != rest::v1::DATE_KIND_UNSPECIFIED, "no kind is no date", text);
    std::visit([&](const auto& value) { RequireSound(value, text); }, *either);
  }

  // What no parser has made is written as nothing or as what can be read.
  if (size >= 12) {
    Timestamp any;
    int64_t seconds = 0;
    int32_t nanos = 0;
    std::memcpy(&seconds, data, sizeof seconds);
    std::memcpy(&nanos, data + sizeof seconds, sizeof nanos);
    any.set_seconds(seconds);
    any.set_nanos(nanos);
    const std::string written = codec::FormatRfc3339(any);
    if (!written.empty()) RequireSound(any, written);
    google::type::Date day;
    day.set_year(nanos);
    day.set_month(static_cast<int32_t>(seconds));
    day.set_day(static_cast<int32_t>(seconds >> 32));
    const std::string day_text = codec::FormatDate(day);
    if (!day_text.empty()) RequireSound(day, day_text);
  }
  return 0;
}

}  // namespace edugate
