// Dates and instants as providers write them. Strict and total: a text is one of the listed forms,
// whole, or it is nothing. Years are 0001 to 9999; no locale, no time zone database, no clock.
#ifndef EDUGATE_RUNTIME_CODEC_DATES_H_
#define EDUGATE_RUNTIME_CODEC_DATES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"

namespace edugate::codec {

// What a text without a UTC offset means.
enum class MissingOffset {
  // It is no instant.
  kRefuse,
  // UTC.
  kUtc,
};

// What an epoch number counts.
enum class EpochUnit { kSeconds, kMillis };

// A calendar date: 2019-12-18, 12/18/2019 or 4/3/2016 (month first). Days that the month doesn't
// have are refused.
std::optional<google::type::Date> ParseDate(absl::string_view text);

// An instant: RFC 3339 with any number of fraction digits (those beyond nanoseconds are cut off),
// T, t or one blank between date and time, and Z, z, +hh:mm, +hhmm or +hh (also -) as the offset. A
// leap second (:60) is the last nanosecond before the next minute.
std::optional<google::protobuf::Timestamp> ParseInstant(
    absl::string_view text, MissingOffset missing = MissingOffset::kRefuse);

// An instant as a number since 1970-01-01T00:00:00Z: digits with an optional sign and, in text, an
// optional fraction; or /Date(1333267200000)/, always milliseconds, a trailing offset (+0800) being
// only the writer's time zone.
std::optional<google::protobuf::Timestamp> ParseEpoch(absl::string_view text, EpochUnit unit);
std::optional<google::protobuf::Timestamp> ParseEpoch(int64_t value, EpochUnit unit);

// A date or an instant, whichever a text is.
using DateOrInstant = std::variant<google::type::Date, google::protobuf::Timestamp>;

// Reads a text by the kind that its field declares. An instant without an offset is UTC where the
// kind is an instant's. Nothing for DATE_KIND_UNSPECIFIED.
std::optional<DateOrInstant> ParseByKind(absl::string_view text, rest::v1::DateKind kind);

// 2015-09-07T02:13:29Z, with 3, 6 or 9 fraction digits when there is a fraction. The timestamp must
// be valid (0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z); an invalid one gives an empty
// text.
std::string FormatRfc3339(const google::protobuf::Timestamp& instant);

// 2019-12-18. A date without a year, month or day, or otherwise invalid, gives an empty text.
std::string FormatDate(const google::type::Date& date);

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_DATES_H_
