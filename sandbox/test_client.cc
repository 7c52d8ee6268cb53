#include "sandbox/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "httplib.h"

namespace edugate::sandbox {

struct TestClient::Connection {
  explicit Connection(int port) : http("127.0.0.1", port) {
    http.set_keep_alive(true);
    http.set_tcp_nodelay(true);
    // The target goes out as it is written.
    http.set_url_encode(false);
  }
  httplib::Client http;
};

TestClient::TestClient(int port) : connection_(std::make_unique<Connection>(port)) {}
TestClient::~TestClient() = default;

Answer TestClient::Send(const std::string& method, const std::string& target,
                        const Headers& headers, const std::string& body,
                        const std::string& content_type) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  for (const auto& [name, value] : headers) request.headers.emplace(name, value);
  if (!body.empty()) {
    request.body = body;
    request.headers.emplace("Content-Type", content_type);
  }
  Answer answer;
  const httplib::Result result = connection_->http.send(request);
  if (!result) return answer;
  answer.received = true;
  answer.status = result->status;
  answer.body = result->body;
  answer.content_type = result->get_header_value("Content-Type");
  for (const auto& [name, value] : result->headers)
    answer.headers.emplace(absl::AsciiStrToLower(name), value);
  return answer;
}

std::string Exchange(int port, absl::string_view bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string arrived;
  if (socket < 0) return arrived;
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size())) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = recv(socket, buffer, sizeof(buffer), 0)) > 0) arrived.append(buffer, count);
  }
  close(socket);
  return arrived;
}

}  // namespace edugate::sandbox
