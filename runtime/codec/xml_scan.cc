#include "runtime/codec/xml_scan.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "simdjson.h"

namespace edugate::codec {

namespace {

using absl::string_view;

bool IsWhite(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// XML 1.0, production 2, for a character reference.
bool IsXmlChar(uint32_t c) {
  return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

absl::Status Refusal(string_view problem) {
  return absl::InternalError(absl::StrCat("the body ", problem));
}

class XmlScanner {
 public:
  XmlScanner(string_view document, const XmlBounds& bounds) : rest_(document), bounds_(bounds) {}

  absl::Status Scan() {
    if (absl::Status s = CheckCharacters(); !s.ok()) return s;
    if (absl::Status s = TakeXmlDeclaration(); !s.ok()) return s;
    while (!rest_.empty()) {
      if (absl::Status s = rest_.front() == '<' ? TakeMarkup() : TakeText(); !s.ok()) return s;
    }
    if (depth_ != 0 || !root_seen_) return Refusal("is not one complete XML document");
    return absl::OkStatus();
  }

 private:
  absl::Status CheckCharacters() const {
    if (!simdjson::validate_utf8(rest_.data(), rest_.size())) {
      return Refusal("is not valid UTF-8");
    }
    for (size_t i = 0; i < rest_.size(); ++i) {
      const unsigned char c = static_cast<unsigned char>(rest_[i]);
      const bool control = c < 0x20 && !IsWhite(rest_[i]);
      // U+FFFE and U+FFFF.
      const bool no_character = c == 0xEF && i + 2 < rest_.size() && rest_[i + 1] == '\xBF' &&
                                (rest_[i + 2] == '\xBE' || rest_[i + 2] == '\xBF');
      if (control || no_character) return Refusal("holds a character that XML does not allow");
    }
    return absl::OkStatus();
  }

  absl::Status TakeXmlDeclaration() {
    if (!absl::StartsWith(rest_, "<?xml") || rest_.size() < 6 || !IsWhite(rest_[5])) {
      return absl::OkStatus();
    }
    const size_t end = rest_.find("?>");
    if (end == string_view::npos) return Refusal("is not one complete XML document");
    string_view declaration = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    const size_t at = declaration.find("encoding");
    if (at == string_view::npos) return absl::OkStatus();
    declaration.remove_prefix(at);
    const size_t open = declaration.find_first_of("\"'");
    if (open == string_view::npos) return Refusal("has a malformed XML declaration");
    const char quote = declaration[open];
    declaration.remove_prefix(open + 1);
    const string_view encoding = declaration.substr(0, declaration.find(quote));
    if (absl::EqualsIgnoreCase(encoding, "utf-8") || absl::EqualsIgnoreCase(encoding, "utf8")) {
      return absl::OkStatus();
    }
    // ASCII reads the same in every encoding that could have come this far.
    for (char c : rest_) {
      if (!absl::ascii_isascii(c)) return Refusal("declares an encoding other than UTF-8");
    }
    return absl::OkStatus();
  }

  absl::Status TakeText() {
    const string_view text = rest_.substr(0, rest_.find('<'));
    if (depth_ == 0 && !absl::StripAsciiWhitespace(text).empty()) {
      return Refusal("has text outside its root element");
    }
    rest_.remove_prefix(text.size());
    return CheckReferences(text);
  }

  // Only the five predefined entities and numeric references stand for something without a DTD.
  static absl::Status CheckReferences(string_view text) {
    while (true) {
      const size_t at = text.find('&');
      if (at == string_view::npos) return absl::OkStatus();
      text.remove_prefix(at + 1);
      constexpr size_t kLongest = 10;
      const size_t end = text.substr(0, kLongest).find(';');
      if (end == string_view::npos || !IsReference(text.substr(0, end))) {
        return Refusal("holds an entity other than XML's own");
      }
      text.remove_prefix(end + 1);
    }
  }

  static bool IsReference(string_view name) {
    if (name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos") {
      return true;
    }
    if (!absl::ConsumePrefix(&name, "#")) return false;
    const bool hex = absl::ConsumePrefix(&name, "x");
    if (name.empty()) return false;
    uint32_t c = 0;
    for (char digit : name) {
      if (hex ? !absl::ascii_isxdigit(digit) : !absl::ascii_isdigit(digit)) return false;
      const uint32_t value =
          absl::ascii_isdigit(digit) ? digit - '0' : absl::ascii_tolower(digit) - 'a' + 10;
      c = c * (hex ? 16 : 10) + value;
      if (c > 0x10FFFF) return false;
    }
    return IsXmlChar(c);
  }

  absl::Status CountNode() {
    if (nodes_ >= bounds_.max_nodes) return Refusal("holds too many values");
    ++nodes_;
    return absl::OkStatus();
  }

  absl::Status TakeMarkup() {
    if (absl::StartsWith(rest_, "<!--")) return TakeSection("<!--", "-->");
    if (absl::StartsWith(rest_, "<![CDATA[")) {
      if (depth_ == 0) return Refusal("has text outside its root element");
      return TakeSection("<![CDATA[", "]]>");
    }
    if (absl::StartsWith(rest_, "<!")) return Refusal("holds a DOCTYPE or another declaration");
    if (absl::StartsWith(rest_, "<?")) return Refusal("holds a processing instruction");
    if (absl::StartsWith(rest_, "</")) return TakeEndTag();
    return TakeStartTag();
  }

  absl::Status TakeSection(string_view open, string_view close) {
    const size_t end = rest_.find(close, open.size());
    if (end == string_view::npos) return Refusal("is not one complete XML document");
    rest_.remove_prefix(end + close.size());
    return CountNode();
  }

  absl::Status TakeEndTag() {
    const size_t end = rest_.find('>');
    if (end == string_view::npos || depth_ == 0) {
      return Refusal("is not one complete XML document");
    }
    rest_.remove_prefix(end + 1);
    --depth_;
    return absl::OkStatus();
  }

  absl::Status TakeStartTag() {
    if (depth_ == 0 && root_seen_) return Refusal("has more than one root element");
    root_seen_ = true;
    if (absl::Status s = CountNode(); !s.ok()) return s;
    if (depth_ >= bounds_.max_depth) return Refusal("is nested too deeply");
    size_t i = 1;
    char quote = '\0';
    size_t value_start = 0;
    for (; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quote != '\0') {
        if (c == '<') return Refusal("is not well-formed XML");
        if (c != quote) continue;
        quote = '\0';
        if (absl::Status s = CheckReferences(rest_.substr(value_start, i - value_start)); !s.ok()) {
          return s;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        value_start = i + 1;
        if (absl::Status s = CountNode(); !s.ok()) return s;
      } else if (c == '>') {
        break;
      } else if (c == '<') {
        return Refusal("is not well-formed XML");
      }
    }
    if (i == rest_.size()) return Refusal("is not one complete XML document");
    if (rest_[i - 1] != '/') ++depth_;
    rest_.remove_prefix(i + 1);
    return absl::OkStatus();
  }

  string_view rest_;
  const XmlBounds bounds_;
  int depth_ = 0;
  size_t nodes_ = 0;
  bool root_seen_ = false;
};

}  // namespace

absl::Status ScanXml(string_view document, const XmlBounds& bounds) {
  return XmlScanner(document, bounds).Scan();
}

}  // namespace edugate::codec
