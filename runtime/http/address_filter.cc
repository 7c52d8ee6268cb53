#include "runtime/http/address_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>

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

}  // namespace

Reach ReachOf(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof(in));
    return ReachOf4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof(in6));
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return ReachOf6(bytes);
  }
  return Reach::kNowhere;
}

}  // namespace edugate::http
