// Replies that one turn of an event loop writes to the same connection leave together.
#ifndef SERVICES_JOINED_WRITES_H_
#define SERVICES_JOINED_WRITES_H_

#include <cstddef>

namespace edugate::services {

// While one exists in a thread and is on, what gRPC writes there to its sockets stays in the kernel
// until Push(): the kernel hands over in one go what a turn has written to a connection, instead of
// going through its whole network for each reply
// (docs/decisions/replies-of-a-turn-leave-together.md). The kernel has the bytes all the time: a
// connection that is closed meanwhile still sends them.
//
// One thread's. At most one in a thread is on.
class JoinedWrites {
 public:
  JoinedWrites() = default;
  JoinedWrites(const JoinedWrites&) = delete;
  JoinedWrites& operator=(const JoinedWrites&) = delete;
  ~JoinedWrites() { Stop(); }

  // From now on the calling thread's writes wait for Push().
  void Start();

  // Sends what waits.
  void Push();

  // Sends what waits; later writes leave at once.
  void Stop();

  // `fd` has been written to and not been sent. For sendmsg() alone.
  void Add(int fd);

 private:
  // More sockets than this in one turn are sent in several goes.
  static constexpr std::size_t kMost = 64;

  int waiting_[kMost];
  std::size_t size_ = 0;
};

}  // namespace edugate::services

#endif  // SERVICES_JOINED_WRITES_H_
