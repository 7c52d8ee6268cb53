// What the kernel says of a TCP connection, for tests.
#ifndef SERVICES_SEGMENTS_SENT_H_
#define SERVICES_SEGMENTS_SENT_H_

namespace edugate::services {

// How often data has been sent over the connection; -1 where `fd` is none.
int SegmentsSent(int fd);

}  // namespace edugate::services

#endif  // SERVICES_SEGMENTS_SENT_H_
