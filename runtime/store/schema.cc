#include "runtime/store/schema.h"

namespace edugate::store {

const std::vector<const char*>& Schema() {
  // AUTOINCREMENT: a number is never given again, also after its row has been deleted. Times are
  // microseconds since 1970.
  static const auto& steps = *new std::vector<const char*>{
      R"sql(
        CREATE TABLE request (
          attempt INTEGER PRIMARY KEY AUTOINCREMENT,
          key BLOB NOT NULL UNIQUE,
          fingerprint BLOB NOT NULL,
          begun_at INTEGER NOT NULL,
          outcome BLOB  -- NULL while it is in flight
        ) STRICT;
        CREATE INDEX request_by_age ON request (begun_at);

        CREATE TABLE event (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          topic BLOB NOT NULL,
          dedup_id BLOB NOT NULL,
          payload BLOB NOT NULL,
          stored_at INTEGER NOT NULL,
          UNIQUE (topic, dedup_id)
        ) STRICT;
        CREATE INDEX event_by_topic ON event (topic, sequence);
        CREATE INDEX event_by_age ON event (stored_at);

        CREATE TABLE topic (
          topic BLOB PRIMARY KEY,
          purged_through INTEGER NOT NULL  -- the highest sequence that has been purged
        ) STRICT, WITHOUT ROWID;
      )sql",
  };
  return steps;
}

}  // namespace edugate::store
