#include "services/joined_writes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace edugate::services {
namespace {

constinit thread_local JoinedWrites* current = nullptr;

// A descriptor may have become another socket's since: for that one it changes nothing, since
// gRPC's and libcurl's sockets have the option on, and no other kind of socket knows it.
void PushOut(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

void JoinedWrites::Start() { current = this; }

void JoinedWrites::Push() {
  std::for_each(waiting_, waiting_ + size_, PushOut);
  size_ = 0;
}

void JoinedWrites::Stop() {
  Push();
  if (current == this) current = nullptr;
}

void JoinedWrites::Add(int fd) {
  if (std::find(waiting_, waiting_ + size_, fd) != waiting_ + size_) return;
  if (size_ == kMost) Push();
  waiting_[size_++] = fd;
}

}  // namespace edugate::services

// gRPC's library calls this through the dynamic linker, which finds the program's own first. It is
// what gRPC writes to its sockets with; libcurl and hiredis use send().
extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  edugate::services::JoinedWrites* const joined = edugate::services::current;
  if (joined == nullptr) return syscall(SYS_sendmsg, fd, message, flags);
  const ssize_t sent = syscall(SYS_sendmsg, fd, message, flags | MSG_MORE);
  if (sent > 0) joined->Add(fd);
  return sent;
}
