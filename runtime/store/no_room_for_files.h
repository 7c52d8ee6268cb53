// For tests: a disk that is full, as far as this process can tell.
#ifndef EDUGATE_RUNTIME_STORE_NO_ROOM_FOR_FILES_H_
#define EDUGATE_RUNTIME_STORE_NO_ROOM_FOR_FILES_H_

#include <sys/resource.h>

#include <csignal>

namespace edugate::store {

// The system refuses to make files larger than a limit, for as long as it lives.
class NoRoomForFiles {
 public:
  explicit NoRoomForFiles(rlim_t bytes) : ignored_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  NoRoomForFiles(const NoRoomForFiles&) = delete;
  NoRoomForFiles& operator=(const NoRoomForFiles&) = delete;
  ~NoRoomForFiles() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, ignored_);
  }

 private:
  rlimit before_{};
  sighandler_t ignored_;
};

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_NO_ROOM_FOR_FILES_H_
