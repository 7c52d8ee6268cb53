// The certificate of the gRPC port, its key, and the authorities of the callers' certificates.
#ifndef APP_SERVER_CERTIFICATES_H_
#define APP_SERVER_CERTIFICATES_H_

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "app/mistake.h"
#include "edugate/v1/config.pb.h"
#include "runtime/config/file_watch.h"

namespace edugate::app {

// Notes what is wrong with the files that `tls` names: one that is missing or holds no such thing,
// a key that isn't the certificate's.
void CheckServerTls(const v1::ServerTls& tls, const Mistake& mistake);

// Follows the files, and gives gRPC copies of them as they were when they last made sense together.
// gRPC takes what it reads, and refuses every handshake while the certificate is new and its key is
// not yet, or a file holds something else. The copies are files in memory, of this process alone.
class ServerCertificates {
 public:
  // INVALID_ARGUMENT where the files can't be used; UNAVAILABLE where the system has no descriptors
  // or no files in memory, or shows no /proc.
  static absl::StatusOr<std::unique_ptr<ServerCertificates>> Open(const v1::ServerTls& tls);
  ServerCertificates(const ServerCertificates&) = delete;
  ServerCertificates& operator=(const ServerCertificates&) = delete;
  ~ServerCertificates();

  // The same with the copies' paths, which stay as they are.
  v1::ServerTls copies() const;

  // Looks at the files, which a thread does twice a second, too. Those that have changed and stayed
  // so from one look to the next are taken over if they make sense; if they don't, the log says
  // why.
  void Look();

 private:
  enum File { kCertificate, kKey, kAuthorities, kFiles };

  explicit ServerCertificates(const v1::ServerTls& tls) : tls_(tls) { copies_.fill(-1); }

  absl::Status TakeOver();
  void Run();

  const v1::ServerTls tls_;
  std::array<int, kFiles> copies_;  // descriptors

  std::mutex looking_;
  config::FileWatch watch_;  // These two under `looking_`.
  bool again_ = false;       // a change has not been taken over for want of memory or descriptors

  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;  // Under `mutex_`.
  std::thread thread_;
};

}  // namespace edugate::app

#endif  // APP_SERVER_CERTIFICATES_H_
