#include "runtime/http/address_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

#include "absl/strings/numbers.h"

namespace edugate::http {

namespace {

struct Range4 {
  uint32_t network;
  int bits;
  Reach reach;
};

constexpr uint32_t Address4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return (a << 24) | (b << 16) | (c << 8) | d;
}

// IANA's special-purpose registry.
constexpr Range4 kRanges4[] = {
    {Address4(127, 0, 0, 0), 8, Reach::kLoopback},  {Address4(10, 0, 0, 0), 8, Reach::kPrivate},
    {Address4(172, 16, 0, 0), 12, Reach::kPrivate}, {Address4(192, 168, 0, 0), 16, Reach::kPrivate},
    {Address4(100, 64, 0, 0), 10, Reach::kPrivate}, {Address4(169, 254, 0, 0), 16, Reach::kPrivate},
    {Address4(198, 18, 0, 0), 15, Reach::kPrivate}, {Address4(192, 0, 0, 0), 24, Reach::kPrivate},
    {Address4(0, 0, 0, 0), 8, Reach::kNowhere},     {Address4(224, 0, 0, 0), 3, Reach::kNowhere},
};

Reach ReachOf4(uint32_t address) {
  for (const Range4& range : kRanges4) {
    const uint32_t mask = ~uint32_t{0} << (32 - range.bits);
    if ((address & mask) == range.network) return range.reach;
  }
  return Reach::kPublic;
}

Reach ReachOf6(const std::array<uint8_t, 16>& a) {
  const auto embedded = [&a](std::size_t at) {
    return ReachOf4(Address4(a[at], a[at + 1], a[at + 2], a[at + 3]));
  };
  const auto starts_with = [&a](std::initializer_list<uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), a.begin());
  };
  static constexpr std::initializer_list<uint8_t> kZeros12 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  if (starts_with({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return embedded(12);
  if (starts_with(kZeros12)) {
    const uint32_t low = Address4(a[12], a[13], a[14], a[15]);
    if (low == 0) return Reach::kNowhere;
    return low == 1 ? Reach::kLoopback : ReachOf4(low);
  }
  if (starts_with({0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return embedded(12);
  if (starts_with({0x00, 0x64, 0xff, 0x9b, 0, 1})) return Reach::kPrivate;
  if (starts_with({0x20, 0x02})) return embedded(2);
  if ((a[0] & 0xfe) == 0xfc) return Reach::kPrivate;
  // fe80::/10, and fec0::/10, site-local before it was withdrawn.
  if (a[0] == 0xfe && (a[1] & 0x80) == 0x80) return Reach::kPrivate;
  if (a[0] == 0xff) return Reach::kNowhere;
  // 2000::/3 is all that is given out.
  return (a[0] & 0xe0) == 0x20 ? Reach::kPublic : Reach::kNowhere;
}

using Bytes = std::array<uint8_t, 16>;

constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The address as IPv6, an IPv4 address mapped; nothing where it is neither.
std::optional<Bytes> BytesOf(const sockaddr& address) {
  Bytes bytes = kMapped;
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof(in));
    std::memcpy(bytes.data() + 12, &in.sin_addr, 4);
    return bytes;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof(in6));
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return bytes;
  }
  return std::nullopt;
}

std::optional<Bytes> BytesOf(absl::string_view text) {
  const std::string address(text);
  Bytes bytes = kMapped;
  if (inet_pton(AF_INET, address.c_str(), bytes.data() + 12) == 1) return bytes;
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

}  // namespace

Reach ReachOf(absl::string_view address) {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() ? ReachOf6(*bytes) : Reach::kNowhere;
}

std::optional<Network> Network::Parse(absl::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  const absl::string_view address = cidr.substr(0, slash);
  const std::optional<Bytes> bytes = BytesOf(address);
  const absl::string_view digits = cidr.substr(slash + 1);
  int bits = 0;
  if (!bytes.has_value() || digits.empty() || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(digits, &bits)) {
    return std::nullopt;
  }
  const bool v4 = address.find(':') == absl::string_view::npos;
  if (bits > (v4 ? 32 : 128)) return std::nullopt;
  if (v4) bits += 96;
  for (int bit = bits; bit < 128; ++bit) {
    if (((*bytes)[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return Network(*bytes, bits);
}

bool Network::ContainsBytes(const Bytes& bytes) const {
  const int whole = bits_ / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + whole, bytes_.begin())) return false;
  const int rest = bits_ % 8;
  return rest == 0 || ((bytes[whole] ^ bytes_[whole]) >> (8 - rest)) == 0;
}

bool Network::Contains(const sockaddr& address) const {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() && ContainsBytes(*bytes);
}

bool Network::Contains(absl::string_view address) const {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() && ContainsBytes(*bytes);
}

Reach ReachOf(const sockaddr& address) {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() ? ReachOf6(*bytes) : Reach::kNowhere;
}

}  // namespace edugate::http
