// The tables of the store's file.
#ifndef EDUGATE_RUNTIME_STORE_SCHEMA_H_
#define EDUGATE_RUNTIME_STORE_SCHEMA_H_

#include <vector>

namespace edugate::store {

// The steps that lead from an empty file to the tables that this program uses: SQL, run in order, a
// transaction each. The number of steps that a file has seen is its version (PRAGMA user_version):
// a step that has been released never changes, and a change is a new step at the end.
const std::vector<const char*>& Schema();

}  // namespace edugate::store

#endif  // EDUGATE_RUNTIME_STORE_SCHEMA_H_
