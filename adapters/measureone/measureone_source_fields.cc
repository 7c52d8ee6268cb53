#include "adapters/measureone/measureone_source_fields.h"

#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"

namespace edugate::adapters {
namespace {

constexpr double kHighestGpa = 4;

}  // namespace

std::string At(absl::string_view path, absl::string_view field) {
  return absl::StrCat(path, ".", field);
}

std::string At(absl::string_view path, absl::string_view field, int index) {
  return absl::StrCat(path, ".", field, "[", index, "]");
}

std::string SourceFields::Date(bool set, const google::type::Date& date, std::string path) {
  if (!set) return "";
  std::string text = codec::FormatDate(date);
  if (text.empty()) Refuse(std::move(path), "is no calendar date");
  return text;
}

std::string SourceFields::PastDate(bool set, const google::type::Date& date,
                                   const std::string& path) {
  std::string text = Date(set, date, path);
  const auto order = [](const google::type::Date& d) {
    return std::make_tuple(d.year(), d.month(), d.day());
  };
  if (!text.empty() && order(date) > order(today_)) Refuse(path, "must not be in the future");
  return text;
}

std::string SourceFields::Number(bool set, const google::type::Decimal& decimal,
                                 const std::string& path) {
  if (!set || decimal.value().empty()) return "";
  auto text = codec::NormalizeDecimal(decimal.value());
  if (!text.has_value() || !codec::IsJsonNumber(*text)) {
    Refuse(path, "is no decimal number");
    return "";
  }
  if (absl::StartsWith(*text, "-")) Refuse(path, "must not be negative");
  return *std::move(text);
}

std::string SourceFields::Gpa(bool set, const google::type::Decimal& decimal,
                              const std::string& path) {
  std::string text = Number(set, decimal, path);
  double value = 0;
  if (absl::SimpleAtod(text, &value) && value > kHighestGpa) {
    Refuse(path, "must be between 0 and 4");
  }
  return text;
}

std::string SourceFields::Attributes(const google::protobuf::Struct& attributes,
                                     const std::string& path) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(attributes, &json).ok()) {
    Refuse(path, "can't be written as JSON");
  }
  return json;
}

}  // namespace edugate::adapters
