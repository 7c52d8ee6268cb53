// The compiled operations of the made-up API.
#ifndef RUNTIME_REST_TESTDATA_LIBRARY_H_
#define RUNTIME_REST_TESTDATA_LIBRARY_H_

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "runtime/rest/operation.h"
#include "runtime/rest/testdata/rest_test.pb.h"

namespace edugate::rest::testing {

// The operation of that name.
inline const Operation& LibraryOperation(absl::string_view method) {
  static const Api* api = [] {
    auto compiled = Api::Compile({Book::descriptor()->file()->FindServiceByName("Library")});
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return new Api(*std::move(compiled));
  }();
  const Operation* found = api->Find(method);
  EXPECT_NE(found, nullptr) << method;
  return *found;
}

}  // namespace edugate::rest::testing

#endif  // RUNTIME_REST_TESTDATA_LIBRARY_H_
