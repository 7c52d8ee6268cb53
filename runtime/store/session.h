// SQLite as the store's thread sees it: statements, and what went wrong as a status.
#ifndef EDUGATE_RUNTIME_STORE_SESSION_H_
#define EDUGATE_RUNTIME_STORE_SESSION_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace edugate::store {

// SQLite's name for a database that has no file.
inline constexpr char kInMemory[] = ":memory:";

// An open SQLite database and its prepared statements. One thread's at a time.
//
// Errors, here and of Statement: UNAVAILABLE, STORE_UNAVAILABLE where the file can't be read or
// written as it is; INTERNAL, INTERNAL where edugate's own SQL is wrong.
class Session {
 public:
  // Opens or creates the file, for its owner alone; ":memory:" is a database of its own that ends
  // with the session.
  static absl::StatusOr<Session> Open(const std::string& path, absl::Duration busy_timeout);

  Session(Session&& other) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session();

  // Runs SQL without parameters and results: statements, separated by semicolons.
  absl::Status Execute(const char* sql);

  // The first column of the first row of a query, such as a pragma; empty if there is no row.
  absl::StatusOr<std::string> Ask(const char* sql);

  // Whether a transaction is open. SQLite ends one by itself after some I/O errors.
  bool in_transaction() const;

  // Of the last INSERT that succeeded.
  int64_t last_insert_id() const;

  // Rows that the last INSERT, UPDATE or DELETE touched.
  int64_t changes() const;

 private:
  friend class Statement;

  explicit Session(sqlite3* sqlite) : sqlite_(sqlite) {}
  absl::StatusOr<sqlite3_stmt*> Prepare(const char* sql);

  sqlite3* sqlite_;
  absl::flat_hash_map<const char*, sqlite3_stmt*> prepared_;  // By the address of a literal.
};

// One use of a prepared statement.
//
//     Statement find(session, "SELECT id FROM request WHERE key = ?1");
//     find.Bind(1, key);
//     absl::StatusOr<bool> found = find.Step();
//     if (found.ok() && *found) id = find.Int(0);
class Statement {
 public:
  // `sql` is a literal: it is prepared once and kept. Not used twice at the same time.
  Statement(Session& session, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Sets the parameter ?`index`, counted from 1. A failure shows in Step(). The bytes outlive the
  // statement.
  void Bind(int index, int64_t value);
  void Bind(int index, absl::string_view bytes);

  // Goes to the first or next row of the result. False: there is none.
  absl::StatusOr<bool> Step();

  // Steps to the end.
  absl::Status Run();

  // A column of the row, counted from 0.
  int64_t Int(int column) const;
  std::string Bytes(int column) const;
  bool IsNull(int column) const;

 private:
  void Note(int code);

  sqlite3_stmt* statement_ = nullptr;
  absl::Status status_;
};

// What an SQLite result code says, as a status.
absl::Status StatusOfSqlite(int code);

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_SESSION_H_
