#include "runtime/codec/json_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "runtime/codec/decimal.h"

namespace edugate::codec {

namespace {

constexpr int kDeepestJsonText = 512;

bool IsWhite(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Recursive descent; each level of recursion is a level of nesting, which the budget bounds.
class Scanner {
 public:
  Scanner(const char* end, JsonBudget* budget) : end_(end), budget_(budget) {}

  const char* Value(const char* at) {
    if (budget_->nodes == 0) return Flaw(JsonFlaw::kTooManyValues);
    --budget_->nodes;
    if (at == end_) return Flaw(JsonFlaw::kSyntax);
    switch (*at) {
      case '{':
        return Object(at + 1);
      case '[':
        return List(at + 1);
      case '"':
        return String(at + 1);
      case 't':
        return Literal(at, "true");
      case 'f':
        return Literal(at, "false");
      case 'n':
        return Literal(at, "null");
      default:
        return Number(at);
    }
  }

  const char* White(const char* at) const {
    while (at != end_ && IsWhite(*at)) ++at;
    return at;
  }

  JsonFlaw flaw() const { return flaw_; }

 private:
  const char* Flaw(JsonFlaw flaw) {
    flaw_ = flaw;
    return nullptr;
  }

  const char* Object(const char* at) {
    if (budget_->depth == 0) return Flaw(JsonFlaw::kTooDeep);
    --budget_->depth;
    at = White(at);
    if (at != end_ && *at == '}') return Close(at);
    while (true) {
      if (at == end_ || *at != '"') return Flaw(JsonFlaw::kSyntax);
      at = String(at + 1);
      if (at == nullptr) return nullptr;
      at = White(at);
      if (at == end_ || *at != ':') return Flaw(JsonFlaw::kSyntax);
      at = Value(White(at + 1));
      if (at == nullptr) return nullptr;
      at = White(at);
      if (at == end_) return Flaw(JsonFlaw::kSyntax);
      if (*at == '}') return Close(at);
      if (*at != ',') return Flaw(JsonFlaw::kSyntax);
      at = White(at + 1);
    }
  }

  const char* List(const char* at) {
    if (budget_->depth == 0) return Flaw(JsonFlaw::kTooDeep);
    --budget_->depth;
    at = White(at);
    if (at != end_ && *at == ']') return Close(at);
    while (true) {
      at = Value(at);
      if (at == nullptr) return nullptr;
      at = White(at);
      if (at == end_) return Flaw(JsonFlaw::kSyntax);
      if (*at == ']') return Close(at);
      if (*at != ',') return Flaw(JsonFlaw::kSyntax);
      at = White(at + 1);
    }
  }

  const char* Close(const char* at) {
    ++budget_->depth;
    return at + 1;
  }

  const char* String(const char* at) {
    while (at != end_) {
      const unsigned char c = static_cast<unsigned char>(*at++);
      if (c == '"') return at;
      if (c < 0x20) break;
      if (c != '\\') continue;
      if (at == end_) break;
      const char escaped = *at++;
      if (escaped == 'u') {
        for (int i = 0; i < 4; ++i, ++at) {
          if (at == end_ || !absl::ascii_isxdigit(*at)) return Flaw(JsonFlaw::kSyntax);
        }
      } else if (absl::string_view("\"\\/bfnrt").find(escaped) == absl::string_view::npos) {
        break;
      }
    }
    return Flaw(JsonFlaw::kSyntax);
  }

  const char* Literal(const char* at, absl::string_view word) {
    const size_t left = end_ - at;
    if (left < word.size() || absl::string_view(at, word.size()) != word) {
      return Flaw(JsonFlaw::kSyntax);
    }
    return at + word.size();
  }

  const char* Number(const char* at) {
    const char* begin = at;
    while (at != end_ && (absl::ascii_isdigit(*at) || *at == '-' || *at == '+' || *at == '.' ||
                          *at == 'e' || *at == 'E')) {
      ++at;
    }
    return IsJsonNumber(absl::string_view(begin, at - begin)) ? at : Flaw(JsonFlaw::kSyntax);
  }

  const char* const end_;
  JsonBudget* const budget_;
  JsonFlaw flaw_ = JsonFlaw::kNone;
};

// Takes four hexadecimal digits.
std::optional<uint32_t> TakeHex(absl::string_view* text) {
  constexpr size_t kDigits = 4;
  if (text->size() < kDigits) return std::nullopt;
  uint32_t number = 0;
  for (char c : text->substr(0, kDigits)) {
    if (!absl::ascii_isxdigit(c)) return std::nullopt;
    number = number * 16 + (absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10);
  }
  text->remove_prefix(kDigits);
  return number;
}

// Takes the character of an escape behind its \u, with the second half of a surrogate pair.
std::optional<uint32_t> TakeCharacter(absl::string_view* text) {
  const std::optional<uint32_t> first = TakeHex(text);
  if (!first || *first < 0xD800 || *first > 0xDFFF) return first;
  if (*first > 0xDBFF || !absl::ConsumePrefix(text, "\\u")) return std::nullopt;
  const std::optional<uint32_t> second = TakeHex(text);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return std::nullopt;
  return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
}

void AppendUtf8(uint32_t character, std::string* text) {
  const auto tail = [&](int shift) {
    text->push_back(static_cast<char>(0x80 | ((character >> shift) & 0x3F)));
  };
  if (character < 0x80) {
    text->push_back(static_cast<char>(character));
  } else if (character < 0x800) {
    text->push_back(static_cast<char>(0xC0 | (character >> 6)));
    tail(0);
  } else if (character < 0x10000) {
    text->push_back(static_cast<char>(0xE0 | (character >> 12)));
    tail(6);
    tail(0);
  } else {
    text->push_back(static_cast<char>(0xF0 | (character >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

const char* ScanJsonValue(const char* begin, const char* end, JsonBudget* budget, JsonFlaw* flaw) {
  Scanner scanner(end, budget);
  const int depth = budget->depth;
  const char* at = scanner.Value(begin);
  budget->depth = depth;
  *flaw = scanner.flaw();
  return at;
}

bool IsJsonText(absl::string_view text) {
  JsonBudget budget{kDeepestJsonText, text.size() + 1};
  Scanner scanner(text.data() + text.size(), &budget);
  const char* at = scanner.Value(scanner.White(text.data()));
  return at != nullptr && scanner.White(at) == text.data() + text.size();
}

std::string QuoteJson(absl::string_view text) {
  // Most names and many values hold nothing that needs a second look.
  const auto plain = [](char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) return absl::StrCat("\"", text, "\"");
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool UnescapeJson(absl::string_view inside, std::string* text) {
  text->clear();
  while (true) {
    const size_t plain = inside.find('\\');
    text->append(inside.data(), std::min(plain, inside.size()));
    if (plain == absl::string_view::npos) return true;
    inside.remove_prefix(plain + 1);
    if (inside.empty()) return false;
    const char escape = inside.front();
    inside.remove_prefix(1);
    if (escape == 'u') {
      const std::optional<uint32_t> character = TakeCharacter(&inside);
      if (!character) return false;
      AppendUtf8(*character, text);
      continue;
    }
    constexpr absl::string_view kEscapes = "\"\\/bfnrt";
    constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t at = kEscapes.find(escape);
    if (at == absl::string_view::npos) return false;
    text->push_back(kMeanings[at]);
  }
}

std::optional<std::string> UnquoteJson(absl::string_view json) {
  // Checked first: nlohmann's parser would recurse into a list or object.
  JsonBudget budget{0, 1};
  JsonFlaw flaw = JsonFlaw::kNone;
  const char* end = json.data() + json.size();
  if (ScanJsonValue(json.data(), end, &budget, &flaw) != end) return std::nullopt;
  const auto text = nlohmann::json::parse(json.data(), end, nullptr, /*allow_exceptions=*/false);
  if (!text.is_string()) return std::nullopt;
  return text.get<std::string>();
}

void AppendPathName(absl::string_view name, std::string* path) {
  if (name.empty() || name.find_first_of(".[]\"") != absl::string_view::npos) {
    absl::StrAppend(path, "[", QuoteJson(name), "]");
    return;
  }
  absl::StrAppend(path, path->empty() ? "" : ".", name);
}

void AppendPathIndex(size_t index, std::string* path) { absl::StrAppend(path, "[", index, "]"); }

std::optional<std::vector<PathStep>> SplitPath(absl::string_view path) {
  std::vector<PathStep> steps;
  while (!path.empty()) {
    if (path.front() != '[') {
      if (path.front() == '.') {
        if (steps.empty()) return std::nullopt;
        path.remove_prefix(1);
      } else if (!steps.empty()) {
        return std::nullopt;
      }
      const absl::string_view name = path.substr(0, path.find_first_of(".["));
      if (name.empty()) return std::nullopt;
      steps.push_back({std::string(name), 0});
      path.remove_prefix(name.size());
      continue;
    }
    path.remove_prefix(1);
    PathStep step;
    size_t length = 0;
    if (!path.empty() && path.front() == '"') {
      JsonBudget budget{0, 1};
      JsonFlaw flaw = JsonFlaw::kNone;
      const char* end = ScanJsonValue(path.data(), path.data() + path.size(), &budget, &flaw);
      if (end == nullptr) return std::nullopt;
      length = end - path.data();
      step.name = UnquoteJson(path.substr(0, length));
      if (!step.name) return std::nullopt;
    } else {
      length = path.find(']');
      if (length == absl::string_view::npos) return std::nullopt;
      uint64_t index = 0;
      if (!absl::SimpleAtoi(path.substr(0, length), &index)) return std::nullopt;
      step.index = index;
    }
    path.remove_prefix(length);
    if (path.empty() || path.front() != ']') return std::nullopt;
    path.remove_prefix(1);
    steps.push_back(std::move(step));
  }
  if (steps.empty()) return std::nullopt;
  return steps;
}

}  // namespace edugate::codec
