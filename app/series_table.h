// Finds what is counted under some names, quickly and from every thread.
#ifndef APP_SERIES_TABLE_H_
#define APP_SERIES_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace edugate::app {

// Up to two names to a Series, which is made once and lives as long as the table. Each thread keeps
// what it has found, so that a call costs one look-up without a lock and without an allocation. The
// names come from the configuration and the APIs: there are few.
template <typename Series>
class SeriesTable {
 public:
  // `make(first, second)` gives a std::unique_ptr<Series>.
  template <typename Make>
  Series& Find(absl::string_view first, absl::string_view second, const Make& make) {
    Local& local = LocalOfThread();
    const auto known = local.find(NamesView{first, second});
    if (known != local.end()) return *known->second;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<Series>& series = all_[{std::string(first), std::string(second)}];
    if (series == nullptr) series = make(first, second);
    local.emplace(Names{std::string(first), std::string(second)}, series.get());
    return *series;
  }

 private:
  using Names = std::pair<std::string, std::string>;
  using NamesView = std::pair<absl::string_view, absl::string_view>;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const NamesView& names) const { return absl::Hash<NamesView>()(names); }
    std::size_t operator()(const Names& names) const {
      return (*this)(NamesView(names.first, names.second));
    }
  };
  struct Equal {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.first == b.first && a.second == b.second;
    }
  };
  using Local = std::unordered_map<Names, Series*, Hash, Equal>;

  // A thread remembers one table's series; a process has one of each, tests have more.
  Local& LocalOfThread() const {
    thread_local Local local;
    thread_local uint64_t owner = 0;
    if (owner != id_) {
      local.clear();
      owner = id_;
    }
    return local;
  }

  static uint64_t NewId() {
    static std::atomic<uint64_t> last{0};
    return ++last;
  }

  const uint64_t id_ = NewId();
  std::mutex mutex_;
  std::map<Names, std::unique_ptr<Series>> all_;
};

}  // namespace edugate::app

#endif  // APP_SERIES_TABLE_H_
