// Which addresses edugate connects to.
#ifndef EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_
#define EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

struct sockaddr;

namespace edugate::http {

// Where an address leads.
enum class Reach {
  kPublic,    // The internet.
  kPrivate,   // A private, shared or link-local network (RFC 1918, 6598, 3927, 4193, 4291).
  kLoopback,  // This machine: 127.0.0.0/8, ::1.
  kNowhere,   // Unspecified, multicast, broadcast, reserved; or not an internet address.
};

// Classifies the address that is connected to, whatever name or spelling it came from. An IPv6
// address that embeds an IPv4 address (mapped, NAT64, 6to4) is classified as that.
Reach ReachOf(const sockaddr& address);

// The same of an address in words, as in `10.0.0.1` or `fe80::1`; kNowhere where it is none.
Reach ReachOf(absl::string_view address);

// A network of addresses.
class Network {
 public:
  // From CIDR form: `10.2.0.0/16`, `fd00:1::/32`. Nothing where it is none, or where bits beyond
  // the prefix are set, which is a slip more often than not.
  static std::optional<Network> Parse(absl::string_view cidr);

  // Whether the address lies in it. An IPv4 address that is mapped into IPv6 is that IPv4 address;
  // those behind NAT64 and 6to4 are what they are written as.
  bool Contains(const sockaddr& address) const;
  bool Contains(absl::string_view address) const;

 private:
  using Bytes = std::array<uint8_t, 16>;  // IPv4 as mapped into IPv6.

  Network(const Bytes& bytes, int bits) : bytes_(bytes), bits_(bits) {}
  bool ContainsBytes(const Bytes& bytes) const;

  Bytes bytes_;
  int bits_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_
