#include "tests/end_to_end/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace edugate::end_to_end {

Port::Port(bool listening) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bound_ = bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
           getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
           (!listening || listen(socket_, 16) == 0);
  number_ = ntohs(address.sin_port);
}

Port::~Port() { close(socket_); }

}  // namespace edugate::end_to_end
