#include "adapters/resource_name.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/utf8.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

// Whether a byte of an id stands in a name as it is.
bool IsPlain(char byte) { return absl::ascii_isgraph(byte) && byte != '/' && byte != '%'; }

// Whether a byte has to be encoded even where the parser is lenient.
bool IsReserved(char byte) { return !IsPlain(byte) && static_cast<unsigned char>(byte) < 0x80; }

// What most names fit into.
constexpr size_t kUsualNameBytes = 64;

// See EncodeId.
void AppendEncoded(absl::string_view id, std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const bool wildcard = id == kAnyConnection;
  if (!wildcard && std::all_of(id.begin(), id.end(), IsPlain)) {
    text.append(id.data(), id.size());
    return;
  }
  for (const char c : id) {
    if (IsPlain(c) && !wildcard) {
      text.push_back(c);
      continue;
    }
    const unsigned byte = static_cast<unsigned char>(c);
    text.push_back('%');
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsVariable(absl::string_view segment) { return !segment.empty() && segment.front() == '{'; }

absl::Status Invalid(absl::string_view field, Resource resource, Wildcard wildcard) {
  const NamePattern& row = PatternOf(resource);
  if (wildcard == Wildcard::kRefused) return errors::ResourceNameInvalid(field, row.pattern);
  const absl::string_view rest =
      absl::string_view(row.pattern).substr(sizeof("connections/{connection}") - 1);
  return errors::ResourceNameInvalid(
      field, absl::StrCat(row.pattern, " or connections/", kAnyConnection, rest));
}

bool ParseConnection(absl::string_view segment, Wildcard wildcard, std::string* connection) {
  const bool any = wildcard == Wildcard::kAllowed && segment == kAnyConnection;
  if (!any && !IsConnectionId(segment)) return false;
  *connection = std::string(segment);
  return true;
}

}  // namespace

bool IsConnectionId(absl::string_view id) {
  constexpr size_t kMaxConnectionIdBytes = 63;
  if (id.empty() || id.size() > kMaxConnectionIdBytes || !absl::ascii_islower(id.front()))
    return false;
  for (const char c : id) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  return true;
}

absl::StatusOr<NameParts> ParseName(absl::string_view field, Resource resource,
                                    absl::string_view text, Wildcard wildcard) {
  if (text.size() > kMaxNameBytes) return Invalid(field, resource, wildcard);
  absl::string_view pattern = PatternOf(resource).pattern;
  NameParts parts;
  for (;;) {
    const size_t want_end = pattern.find('/');
    const size_t got_end = text.find('/');
    const absl::string_view want = pattern.substr(0, want_end);
    const absl::string_view got = text.substr(0, got_end);
    const bool last = want_end == absl::string_view::npos;
    bool fits = last == (got_end == absl::string_view::npos);  // as many segments
    if (!IsVariable(want)) {
      fits = fits && got == want;
    } else if (parts.connection.empty()) {
      fits = fits && ParseConnection(got, wildcard, &parts.connection);
    } else {
      std::string id;
      fits = fits && got != kAnyConnection && DecodeId(got, &id) && !id.empty();
      parts.ids.push_back(std::move(id));
    }
    if (!fits) return Invalid(field, resource, wildcard);
    if (last) return parts;
    pattern.remove_prefix(want_end + 1);
    text.remove_prefix(got_end + 1);
  }
}

std::string BuildName(Resource resource, absl::string_view connection,
                      const std::vector<absl::string_view>& ids) {
  absl::string_view rest = PatternOf(resource).pattern;
  std::string name;
  name.reserve(kUsualNameBytes);
  size_t next_id = 0;
  bool connection_written = false;
  while (!rest.empty()) {
    // As it stands up to a variable, which is from brace to brace.
    const size_t open = std::min(rest.find('{'), rest.size());
    name.append(rest.data(), open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    rest.remove_prefix(rest.find('}') + 1);
    if (!connection_written) {
      if (connection.empty()) return "";
      name.append(connection.data(), connection.size());
      connection_written = true;
    } else {
      if (next_id >= ids.size() || ids[next_id].empty()) return "";
      AppendEncoded(ids[next_id++], name);
    }
  }
  return name;
}

std::string EncodeId(absl::string_view id) {
  std::string text;
  AppendEncoded(id, text);
  return text;
}

bool DecodeId(absl::string_view text, std::string* id) {
  id->clear();
  id->reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (IsReserved(text[i])) return false;
      id->push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    id->push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return IsUtf8(*id);
}

}  // namespace edugate::adapters
