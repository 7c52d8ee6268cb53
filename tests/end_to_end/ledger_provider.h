// A provider that counts the effects of writes, and whose credentials can be changed.
#ifndef TESTS_END_TO_END_LEDGER_PROVIDER_H_
#define TESTS_END_TO_END_LEDGER_PROVIDER_H_

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace edugate::end_to_end {

// Speaks as much of OpenApply (one list, with a bearer token) and edX (one write, with a token that
// it gives out) as tests of lost and doubled calls need. Thread-safe.
class LedgerProvider {
 public:
  LedgerProvider();
  LedgerProvider(const LedgerProvider&) = delete;
  LedgerProvider& operator=(const LedgerProvider&) = delete;
  ~LedgerProvider();

  // http://127.0.0.1:PORT.
  std::string url() const;

  // The bearer tokens that the list takes from now on.
  void Accept(std::set<std::string> tokens);

  // How long a write takes, before its effect and again before its answer.
  void SetPause(absl::Duration pause);

  // So many writes are answered from now on; all others have their effect and wait for Release().
  void AnswerOnly(int64_t writes);
  void Release();

  // How often the learner of this e-mail address was enrolled.
  int EffectsOf(const std::string& email) const;
  int64_t effects() const;

  // A connection `ledger` to it for writes (edX), as YAML below `connections:`.
  std::string WriteConnection() const;
  // A connection `reads` (OpenApply) whose token is in the file.
  std::string ReadConnection(const std::string& token_file) const;

 private:
  const std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::set<std::string> tokens_;
  std::map<std::string, int> effects_;
  absl::Duration pause_;
  int64_t answers_left_ = std::numeric_limits<int64_t>::max();
  std::condition_variable may_answer_;
  std::thread thread_;
};

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_LEDGER_PROVIDER_H_
