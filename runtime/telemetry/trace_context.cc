#include "runtime/telemetry/trace_context.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace edugate::telemetry {
namespace {

constexpr std::size_t kTraceparentSize = 55;  // 00-{32}-{16}-{2}
constexpr std::size_t kMaxTracestate = 512;
constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxTenant = 241;
constexpr std::size_t kMaxSystem = 14;
constexpr std::size_t kMaxValue = 256;
constexpr uint8_t kSampledBit = 0x01;

// The digit's value; -1 for anything else. Upper case is not hexadecimal here.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

template <std::size_t size>
bool ReadHex(absl::string_view text, std::array<uint8_t, size>& out) {
  for (std::size_t i = 0; i < size; ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t size>
void AppendHex(const std::array<uint8_t, size>& bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  char text[2 * size];
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 0xf];
  }
  out.append(text, sizeof(text));
}

template <std::size_t size>
std::array<uint8_t, size> RandomId() {
  // Ids need to be unlike each other, not secret.
  thread_local absl::InsecureBitGen generator;
  std::array<uint8_t, size> id;
  do {
    for (std::size_t at = 0; at < size; at += sizeof(uint64_t)) {
      const auto word = absl::Uniform<uint64_t>(generator);
      std::memcpy(id.data() + at, &word, sizeof(word));
    }
  } while (id == std::array<uint8_t, size>{});
  return id;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

bool IsKeyRest(absl::string_view text) {
  return absl::c_all_of(text, [](char c) {
    return IsLower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

// A key, or `tenant@system`.
bool IsKey(absl::string_view key) {
  const std::size_t at = key.find('@');
  if (at == absl::string_view::npos) {
    return !key.empty() && key.size() <= kMaxKey && IsLower(key[0]) && IsKeyRest(key);
  }
  const absl::string_view tenant = key.substr(0, at);
  const absl::string_view system = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= kMaxTenant &&
         (IsLower(tenant[0]) || absl::ascii_isdigit(tenant[0])) && IsKeyRest(tenant) &&
         !system.empty() && system.size() <= kMaxSystem && IsLower(system[0]) && IsKeyRest(system);
}

bool IsValue(absl::string_view value) {
  return !value.empty() && value.size() <= kMaxValue && value.back() != ' ' &&
         absl::c_all_of(value,
                        [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

}  // namespace

std::optional<Traceparent> ParseTraceparent(absl::string_view text) {
  if (text.size() < kTraceparentSize) return std::nullopt;
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  Traceparent out;
  const bool formed =
      text[2] == '-' && text[35] == '-' && text[52] == '-' && ReadHex(text.substr(0, 2), version) &&
      version[0] != 0xff && ReadHex(text.substr(3, 32), out.trace_id) &&
      ReadHex(text.substr(36, 16), out.parent_id) && ReadHex(text.substr(53, 2), flags);
  if (!formed || IsNone(out.trace_id) || IsNone(out.parent_id)) return std::nullopt;
  if (text.size() > kTraceparentSize && (version[0] == 0 || text[kTraceparentSize] != '-')) {
    return std::nullopt;
  }
  out.sampled = (flags[0] & kSampledBit) != 0;
  return out;
}

std::string FormatTraceparent(const async::TraceId& trace_id, const async::SpanId& parent_id,
                              bool sampled) {
  std::string out;
  out.reserve(kTraceparentSize);
  out += "00-";
  AppendHex(trace_id, out);
  out += '-';
  AppendHex(parent_id, out);
  out += sampled ? "-01" : "-00";
  return out;
}

bool IsTracestate(absl::string_view text) {
  if (text.size() > kMaxTracestate) return false;
  std::vector<absl::string_view> keys;
  for (absl::string_view member : absl::StrSplit(text, ',')) {
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) {
      member.remove_prefix(1);
    }
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) {
      member.remove_suffix(1);
    }
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == absl::string_view::npos) return false;
    const absl::string_view key = member.substr(0, equals);
    if (!IsKey(key) || !IsValue(member.substr(equals + 1))) return false;
    if (absl::c_linear_search(keys, key) || keys.size() == kMaxMembers) return false;
    keys.push_back(key);
  }
  return true;
}

std::string Hex(const async::TraceId& id) {
  std::string out;
  out.reserve(2 * id.size());
  AppendHex(id, out);
  return out;
}

std::string Hex(const async::SpanId& id) {
  std::string out;
  out.reserve(2 * id.size());
  AppendHex(id, out);
  return out;
}

async::TraceId NewTraceId() { return RandomId<sizeof(async::TraceId)>(); }
async::SpanId NewSpanId() { return RandomId<sizeof(async::SpanId)>(); }

bool Sampled(const async::TraceId& id, double share) {
  if (share >= 1) return true;
  // The last 7 bytes, which level 2 of the recommendation asks to be random.
  uint64_t random = 0;
  for (std::size_t i = 9; i < id.size(); ++i) random = random << 8 | id[i];
  return static_cast<double>(random) < share * static_cast<double>(uint64_t{1} << 56);
}

async::TracePlace PlaceOf(absl::string_view traceparent, absl::string_view tracestate, double share,
                          bool own_spans) {
  async::TracePlace place;
  place.own_spans = own_spans;
  place.span_id = NewSpanId();
  const std::optional<Traceparent> brought = ParseTraceparent(traceparent);
  if (!brought.has_value()) {
    place.trace_id = NewTraceId();
    place.sampled = own_spans && Sampled(place.trace_id, share);
    return place;
  }
  place.trace_id = brought->trace_id;
  place.parent_id = brought->parent_id;
  place.sampled = brought->sampled;
  if (!tracestate.empty() && IsTracestate(tracestate)) place.state = std::string(tracestate);
  return place;
}

std::string OutgoingTraceparent(const async::TracePlace& place, const async::SpanId& attempt) {
  if (place.own_spans) return FormatTraceparent(place.trace_id, attempt, place.sampled);
  if (IsNone(place.parent_id)) return "";
  return FormatTraceparent(place.trace_id, place.parent_id, place.sampled);
}

}  // namespace edugate::telemetry
