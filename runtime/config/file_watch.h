// Noticing that files have changed.
#ifndef EDUGATE_RUNTIME_CONFIG_FILE_WATCH_H_
#define EDUGATE_RUNTIME_CONFIG_FILE_WATCH_H_

#include <map>
#include <string>
#include <vector>

#include "runtime/config/file_stamp.h"

namespace edugate::config {

// Looks at a set of files, from one thread, as often as it is asked. A change is told once the
// files have stayed as they are from one look to the next: whoever writes them has then finished.
class FileWatch {
 public:
  // What the files are now counts as known. Files that were watched before keep what is known.
  void Watch(const std::vector<std::string>& paths);

  // Whether the files have come to rest in a state that is not the known one, which then is.
  bool Changed();

 private:
  using Stamps = std::map<std::string, FileStamp>;

  Stamps Look() const;

  Stamps known_;
  Stamps seen_;  // At the last look.
};

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_FILE_WATCH_H_
