#include "adapters/filter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "adapters/utf8.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

constexpr char kGrammar[] = "field = value AND ..., with = != < <= > >= :";

// A field name in an error is no longer than this: it is the caller's text.
constexpr size_t kMaxNamedFieldBytes = 64;

// Two-character operators first, since the shorter ones begin them.
constexpr std::array<absl::string_view, 7> kOps = {"!=", "<=", ">=", "=", "<", ">", ":"};

bool IsNameStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsNameByte(char c) { return absl::ascii_isalnum(c) || c == '_'; }

bool IsKeyword(absl::string_view word) { return word == "AND" || word == "OR" || word == "NOT"; }

// Whether a byte can be part of a bare value.
bool IsBareByte(char c) {
  constexpr absl::string_view kNotBare = "()\"'\\*=<>!,";
  return !absl::ascii_isspace(c) && !absl::ascii_iscntrl(c) &&
         kNotBare.find(c) == absl::string_view::npos;
}

std::string Named(absl::string_view field) {
  if (field.size() <= kMaxNamedFieldBytes) return absl::StrCat("'", field, "'");
  return absl::StrCat("'", field.substr(0, kMaxNamedFieldBytes), "...'");
}

// Recursive descent over the text; every Parse function leaves the position behind what it read.
class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<Filter> Parse() {
    SkipSpace();
    if (AtEnd()) return std::move(filter_);
    absl::Status status = ParseConjunction(0);
    if (!status.ok()) return status;
    if (!AtEnd()) return Refuse("unexpected ')'", at_);
    return std::move(filter_);
  }

 private:
  absl::Status ParseConjunction(int depth) {
    while (true) {
      absl::Status status = ParseTerm(depth);
      if (!status.ok()) return status;
      SkipSpace();
      if (AtEnd() || Peek() == ')') return absl::OkStatus();
      const size_t begin = at_;
      const absl::string_view word = ReadName();
      if (word == "OR") return Refuse("OR is not supported", begin);
      if (word != "AND") return Refuse("expected AND", begin);
    }
  }

  absl::Status ParseTerm(int depth) {
    SkipSpace();
    if (AtEnd() || Peek() != '(') return ParseComparison();
    const size_t open = at_;
    if (depth >= kMaxFilterDepth) return Refuse("too many parentheses", open);
    ++at_;
    absl::Status status = ParseConjunction(depth + 1);
    if (!status.ok()) return status;
    if (AtEnd()) return Refuse("'(' without ')'", open);
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ParseComparison() {
    Comparison comparison;
    const size_t begin = at_;
    comparison.position = Position(begin);
    absl::Status status = ParseField(&comparison.field);
    if (!status.ok()) return status;
    SkipSpace();
    status = ParseOp(begin, &comparison);
    if (!status.ok()) return status;
    SkipSpace();
    status = ParseValue(&comparison);
    if (!status.ok()) return status;
    if (filter_.comparisons.size() == kMaxComparisons) {
      return Refuse(absl::StrCat("more than ", kMaxComparisons, " comparisons"), begin);
    }
    filter_.comparisons.push_back(std::move(comparison));
    return absl::OkStatus();
  }

  absl::Status ParseField(std::string* field) {
    const size_t begin = at_;
    if (!AtEnd() && Peek() == '-') return Refuse("negation is not supported", begin);
    while (true) {
      const absl::string_view name = ReadName();
      if (name.empty()) return Refuse("expected a field name", at_);
      absl::StrAppend(field, name);
      if (AtEnd() || Peek() != '.') break;
      field->push_back('.');
      ++at_;
    }
    if (*field == "NOT") return Refuse("NOT is not supported", begin);
    if (IsKeyword(*field)) return Refuse("expected a field name", begin);
    return absl::OkStatus();
  }

  absl::Status ParseOp(size_t field_begin, Comparison* comparison) {
    if (!AtEnd() && Peek() == '(') return Refuse("functions are not supported", field_begin);
    const absl::string_view rest = text_.substr(at_);
    for (const absl::string_view op : kOps) {
      if (!absl::StartsWith(rest, op)) continue;
      comparison->op = std::string(op);
      at_ += op.size();
      return absl::OkStatus();
    }
    return Refuse(absl::StrCat("expected an operator after ", Named(comparison->field)), at_);
  }

  absl::Status ParseValue(Comparison* comparison) {
    if (AtEnd()) return Refuse("expected a value", at_);
    if (Peek() == '(') return Refuse("lists of values are not supported", at_);
    if (Peek() == '"' || Peek() == '\'') return ParseQuoted(comparison);
    const size_t begin = at_;
    while (!AtEnd() && IsBareByte(Peek())) ++at_;
    if (!AtEnd() && Peek() == '*') return RefuseWildcard();
    if (!AtEnd() && !absl::ascii_isspace(Peek()) && Peek() != ')') {
      return Refuse("a value with this character has to be quoted", at_);
    }
    comparison->value = std::string(text_.substr(begin, at_ - begin));
    if (comparison->value.empty() || IsKeyword(comparison->value)) {
      return Refuse("expected a value", begin);
    }
    return absl::OkStatus();
  }

  absl::Status ParseQuoted(Comparison* comparison) {
    comparison->quoted = true;
    const size_t begin = at_;
    const char quote = Peek();
    for (++at_; !AtEnd(); ++at_) {
      const char c = Peek();
      if (c == quote) {
        ++at_;
        return absl::OkStatus();
      }
      if (c == '*') return RefuseWildcard();
      if (c != '\\') {
        comparison->value.push_back(c);
        continue;
      }
      ++at_;
      constexpr absl::string_view kEscaped = "\\\"'*";
      if (AtEnd() || kEscaped.find(Peek()) == absl::string_view::npos) {
        return Refuse("an escape is one of \\\\ \\\" \\' \\*", at_ - 1);
      }
      comparison->value.push_back(Peek());
    }
    return Refuse("a quote is not closed", begin);
  }

  absl::string_view ReadName() {
    const size_t begin = at_;
    if (AtEnd() || !IsNameStart(Peek())) return {};
    while (!AtEnd() && IsNameByte(Peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(Peek())) ++at_;
  }

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return text_[at_]; }

  absl::Status RefuseWildcard() const {
    return Refuse("* as a wildcard is not supported (quoted, \\* is the character)", at_);
  }

  absl::Status Refuse(absl::string_view why, size_t at) const {
    return errors::FilterUnsupported(absl::StrCat(why, " at character ", Position(at)), kGrammar);
  }

  // The character at a byte offset, counted from 1.
  size_t Position(size_t at) const {
    return 1 + std::count_if(text_.begin(), text_.begin() + at,
                             [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  }

  const absl::string_view text_;
  size_t at_ = 0;
  Filter filter_;
};

// Whether `text` has the shape of `shape`, in which 0 stands for a digit.
bool HasShape(absl::string_view text, absl::string_view shape) {
  return text.size() == shape.size() &&
         std::equal(text.begin(), text.end(), shape.begin(),
                    [](char c, char s) { return s == '0' ? absl::ascii_isdigit(c) : c == s; });
}

bool HasType(const Comparison& comparison, FilterType type) {
  switch (type) {
    case FilterType::kString:
      return true;
    case FilterType::kInt:
      return IntValue(comparison).has_value();
    case FilterType::kDate:
      return DateValue(comparison).has_value();
    case FilterType::kTime:
      return TimeValue(comparison).has_value();
    case FilterType::kBool:
      return BoolValue(comparison).has_value();
  }
  return false;
}

absl::string_view ValueForm(FilterType type) {
  switch (type) {
    case FilterType::kString:
      return "text";
    case FilterType::kInt:
      return "an integer";
    case FilterType::kDate:
      return "a date, YYYY-MM-DD";
    case FilterType::kTime:
      return "an RFC 3339 time, as in 2027-01-31T08:00:00Z";
    case FilterType::kBool:
      return "true or false";
  }
  return "text";
}

// Why `comparison` can't be applied; empty where it can.
std::string WhyNot(const Comparison& comparison, const std::vector<FilterField>& supported) {
  const auto field = std::find_if(supported.begin(), supported.end(), [&](const FilterField& each) {
    return each.name == comparison.field;
  });
  if (field == supported.end()) {
    return absl::StrCat(Named(comparison.field), " can't be filtered by");
  }
  if (std::find(field->ops.begin(), field->ops.end(), comparison.op) == field->ops.end()) {
    return absl::StrCat(Named(field->name), " can't be compared by ", comparison.op, ", only by ",
                        absl::StrJoin(field->ops, ", "));
  }
  if (!HasType(comparison, field->type)) {
    return absl::StrCat("the value of ", Named(field->name), " has to be ", ValueForm(field->type));
  }
  return "";
}

}  // namespace

absl::string_view FilterTypeText(FilterType type) {
  switch (type) {
    case FilterType::kString:
      return "string";
    case FilterType::kInt:
      return "int";
    case FilterType::kDate:
      return "date";
    case FilterType::kTime:
      return "time";
    case FilterType::kBool:
      return "bool";
  }
  return "";
}

const Comparison* Filter::Find(absl::string_view field, absl::string_view op) const {
  for (const Comparison& comparison : comparisons) {
    if (comparison.field == field && comparison.op == op) return &comparison;
  }
  return nullptr;
}

absl::StatusOr<Filter> ParseFilter(absl::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return errors::FilterUnsupported(absl::StrCat("longer than ", kMaxFilterBytes, " bytes"),
                                     kGrammar);
  }
  if (!IsUtf8(text)) return errors::FilterUnsupported("not UTF-8", kGrammar);
  return Parser(text).Parse();
}

absl::Status CheckFilter(const Filter& filter, const std::vector<FilterField>& supported) {
  for (const Comparison& comparison : filter.comparisons) {
    std::string why = WhyNot(comparison, supported);
    if (why.empty() && filter.Find(comparison.field, comparison.op) != &comparison) {
      why = absl::StrCat(Named(comparison.field), " is compared by ", comparison.op,
                         " more than once");
    }
    if (!why.empty()) {
      return errors::FilterUnsupported(absl::StrCat(why, ", at character ", comparison.position),
                                       DescribeFilterFields(supported));
    }
  }
  return absl::OkStatus();
}

std::string DescribeFilterFields(const std::vector<FilterField>& supported) {
  if (supported.empty()) return "no fields";
  return absl::StrJoin(supported, ", ", [](std::string* out, const FilterField& field) {
    absl::StrAppend(out, field.name, " (", FilterTypeText(field.type), ": ",
                    absl::StrJoin(field.ops, ", "), ")");
  });
}

std::optional<int64_t> IntValue(const Comparison& comparison) {
  absl::string_view digits = comparison.value;
  absl::ConsumePrefix(&digits, "-");
  int64_t value = 0;
  // SimpleAtoi would also take blanks around the number and a plus sign.
  const bool plain =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit);
  if (!plain || !absl::SimpleAtoi(comparison.value, &value)) return std::nullopt;
  return value;
}

std::optional<absl::CivilDay> DateValue(const Comparison& comparison) {
  const absl::string_view text = comparison.value;
  if (!HasShape(text, "0000-00-00")) return std::nullopt;
  int year = 0, month = 0, day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return std::nullopt;
  }
  const absl::CivilDay date(year, month, day);
  // CivilDay carries a 31st of February over into March.
  if (year == 0 || date.year() != year || date.month() != month || date.day() != day)
    return std::nullopt;
  return date;
}

std::optional<absl::Time> TimeValue(const Comparison& comparison) {
  const absl::string_view text = comparison.value;
  // ParseTime alone takes more than RFC 3339: blanks, signs, years of any length,
  // "infinite-future".
  if (!HasShape(text.substr(0, 19), "0000-00-00T00:00:00")) return std::nullopt;
  absl::Time time;
  std::string error;
  if (absl::ascii_isspace(text.back()) ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return std::nullopt;
  }
  return time;
}

std::optional<bool> BoolValue(const Comparison& comparison) {
  if (comparison.value == "true") return true;
  if (comparison.value == "false") return false;
  return std::nullopt;
}

}  // namespace edugate::adapters
