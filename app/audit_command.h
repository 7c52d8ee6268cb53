// edugate audit verify: whether a disclosure log is whole.
#ifndef APP_AUDIT_COMMAND_H_
#define APP_AUDIT_COMMAND_H_

#include <cstdint>
#include <ostream>
#include <string>

namespace edugate::app {

struct AuditCommand {
  // The configuration whose log and key are taken; or else:
  std::string config_file;
  std::string log_file;  // PATH; its older files PATH.1, PATH.2 ... are read before it
  std::string key_file;  // the chain's key; empty: SHA-256
  // What was noted at an earlier check. An end that was cut off shows by these alone. Empty and
  // negative: not known.
  std::string expect_hash;  // the log has a line with this hash
  int64_t expect_seq = -1;  // the log has at least so many lines, its first ones included
};

// Prints what was found. 0: the log is whole; 1: it is not; 2: it can't be checked.
int RunAuditVerify(const AuditCommand& command, std::ostream& out, std::ostream& errors);

}  // namespace edugate::app

#endif  // APP_AUDIT_COMMAND_H_
