// Which addresses edugate connects to.
#ifndef EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_
#define EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_

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

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_ADDRESS_FILTER_H_
