#ifndef EDUGATE_SANDBOX_TEST_CLIENT_H_
#define EDUGATE_SANDBOX_TEST_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace edugate::sandbox {

using Headers = std::multimap<std::string, std::string>;

// What came back.
struct Answer {
  // False when the connection broke before the answer was complete; the rest is then empty.
  bool received = false;
  int status = 0;
  std::string content_type;
  std::string body;
  // Names in lower case.
  Headers headers;
};

// An HTTP client that keeps one connection and shares nothing with the server's code.
class TestClient {
 public:
  explicit TestClient(int port);
  ~TestClient();

  // Sends a request. A body's type is `content_type`.
  Answer Send(const std::string& method, const std::string& target, const Headers& headers = {},
              const std::string& body = "", const std::string& content_type = "application/json");

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

// Sends bytes to the port and returns all that arrives until the connection closes.
std::string Exchange(int port, absl::string_view bytes);

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_TEST_CLIENT_H_
