// What the disclosure log says of one reply or write (34 CFR 99.32): who learned or changed what of
// whom, when, and what for.
#ifndef EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_ENTRY_H_
#define EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_ENTRY_H_

#include <cstddef>
#include <string>
#include <vector>

namespace edugate::privacy {

// One record in a reply.
struct DisclosedRecord {
  std::string name;     // the resource name; empty where it has none
  std::string learner;  // the provider's id of the person; empty where the record has none
  // SHA-256 of the e-mail address in lower case, where that is all that is known of the person.
  std::string email_sha256;
  std::vector<std::string> fields;    // that the caller saw, the record's own only, as `grade`
  std::vector<std::string> redacted;  // that had a value and were hidden, as paths
};

// One line.
struct DisclosureEntry {
  // `read`; `write` for what is about to be sent to a provider; `outcome` for what became of it.
  std::string kind;
  std::string caller;               // empty: unknown, as where no callers are configured
  std::vector<std::string> grants;  // the names of those that allow the call
  std::string method;               // as in EnrollmentService.ListEnrollments
  std::string connection;           // empty where the call goes to several
  std::string purpose;              // what the caller said; empty: nothing
  std::string outcome;              // the status code's name, as in OK
  std::string request_id;           // the caller's; empty: none
  std::string trace_id;             // 32 hexadecimal digits; empty: none
  std::string message;              // the reply's type
  std::vector<DisclosedRecord> records;
};

// The most records that one line should name, so that it stays within kMaxLineBytes: more are for
// further lines. A page has at most 1000.
inline constexpr std::size_t kMaxRecords = 1000;

// The members of the line's JSON object, from `kind` on. Records with the same fields are named
// together.
std::string MembersOf(const DisclosureEntry& entry);

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_ENTRY_H_
