// What is wrong with a configuration file, for the person who wrote it.
#ifndef EDUGATE_RUNTIME_CONFIG_MISTAKES_H_
#define EDUGATE_RUNTIME_CONFIG_MISTAKES_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace edugate::config {

// Collects mistakes, so that a person sees all of them at once. Texts never hold a value of the
// file.
class Mistakes {
 public:
  // The most that a status lists; the rest is counted.
  static constexpr std::size_t kMaxListed = 20;

  // `file_name` as it is to be shown.
  explicit Mistakes(absl::string_view file_name);

  // `line` counts from 1; 0 is no line. `key` is a full key path, as in connections[1].auth; empty
  // is the whole file. `what` is a clause such as "needs a number".
  void Add(int line, absl::string_view key, absl::string_view what);

  bool empty() const { return found_.empty(); }
  std::size_t size() const { return found_.size(); }

  // OK if there are none. Otherwise INVALID_ARGUMENT, whose message has a line
  // `edugate.yaml:12: connections[1].auth: needs a mapping` for each, in the order of the file.
  absl::Status ToStatus() const;

 private:
  std::string file_name_;
  std::multimap<int, std::string> found_;  // By line; in the order of Add within one.
};

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_MISTAKES_H_
