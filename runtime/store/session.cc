#include "runtime/store/session.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/errors/errors.h"

namespace edugate::store {

absl::Status StatusOfSqlite(int code) {
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::OkStatus();
    case SQLITE_FULL:
      return errors::StoreUnavailable("the store's disk is full");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return errors::StoreUnavailable("the store's file can't be written");
    case SQLITE_CANTOPEN:
      return errors::StoreUnavailable("the store's file can't be opened or created");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return errors::StoreUnavailable("another process uses the store's file");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return errors::StoreUnavailable("the store's file is damaged, or is not a store's");
    case SQLITE_IOERR:
      return errors::StoreUnavailable(
          absl::StrCat("the store: I/O error (SQLite code ", code, ")"));
    case SQLITE_NOMEM:
      return errors::StoreUnavailable("the store: out of memory");
    default:
      return errors::Internal(
          absl::StrCat("the store refused a statement (SQLite code ", code, ")"));
  }
}

absl::StatusOr<Session> Session::Open(const std::string& path, absl::Duration busy_timeout) {
  // SQLite would create the file readable for everybody. Only a file that is new is opened here:
  // closing it drops this process's locks on it.
  if (path != kInMemory) {
    const int created =
        open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (created >= 0) close(created);
  }

  sqlite3* sqlite = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &sqlite,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Session session(sqlite);
  if (code != SQLITE_OK) return StatusOfSqlite(code);
  sqlite3_extended_result_codes(sqlite, 1);
  sqlite3_busy_timeout(sqlite, static_cast<int>(absl::ToInt64Milliseconds(busy_timeout)));
  return session;
}

Session::Session(Session&& other) noexcept
    : sqlite_(std::exchange(other.sqlite_, nullptr)), prepared_(std::move(other.prepared_)) {
  other.prepared_.clear();
}

Session::~Session() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close(sqlite_);
}

absl::Status Session::Execute(const char* sql) {
  return StatusOfSqlite(sqlite3_exec(sqlite_, sql, nullptr, nullptr, nullptr));
}

absl::StatusOr<std::string> Session::Ask(const char* sql) {
  Statement query(*this, sql);
  const absl::StatusOr<bool> found = query.Step();
  if (!found.ok()) return found.status();
  return *found ? query.Bytes(0) : "";
}

bool Session::in_transaction() const { return sqlite3_get_autocommit(sqlite_) == 0; }

int64_t Session::last_insert_id() const { return sqlite3_last_insert_rowid(sqlite_); }

int64_t Session::changes() const { return sqlite3_changes64(sqlite_); }

absl::StatusOr<sqlite3_stmt*> Session::Prepare(const char* sql) {
  sqlite3_stmt*& kept = prepared_[sql];
  if (kept == nullptr) {
    const int code =
        sqlite3_prepare_v3(sqlite_, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr);
    if (code != SQLITE_OK) return StatusOfSqlite(code);
  }
  return kept;
}

Statement::Statement(Session& session, const char* sql) {
  absl::StatusOr<sqlite3_stmt*> prepared = session.Prepare(sql);
  if (prepared.ok()) {
    statement_ = *prepared;
  } else {
    status_ = prepared.status();
  }
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::Bind(int index, int64_t value) {
  if (status_.ok()) Note(sqlite3_bind_int64(statement_, index, value));
}

void Statement::Bind(int index, absl::string_view bytes) {
  if (!status_.ok()) return;
  // SQLite takes a null pointer for NULL, and an empty string may have one.
  const char* data = bytes.empty() ? "" : bytes.data();
  Note(sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC));
}

absl::StatusOr<bool> Statement::Step() {
  if (!status_.ok()) return status_;
  const int code = sqlite3_step(statement_);
  Note(code);
  if (!status_.ok()) return status_;
  return code == SQLITE_ROW;
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> more = Step();
  while (more.ok() && *more) more = Step();
  return more.status();
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return "";
  return std::string(static_cast<const char*>(data), static_cast<size_t>(size));
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Statement::Note(int code) { status_ = StatusOfSqlite(code); }

}  // namespace edugate::store
