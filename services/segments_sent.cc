#include "services/segments_sent.h"

// The C library's own header has fewer members, and the two can't be included together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace edugate::services {

int SegmentsSent(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  return static_cast<int>(info.tcpi_data_segs_out);
}

}  // namespace edugate::services
