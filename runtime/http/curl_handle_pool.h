// CurlHandlePool: the easy handles of one loop, kept for reuse.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_HANDLE_POOL_H_
#define EDUGATE_RUNTIME_HTTP_CURL_HANDLE_POOL_H_

#include <cstdint>
#include <vector>

#include "runtime/http/curl_types.h"

namespace edugate::http {

class CurlEndpoint;
class CurlEngine;

// A page of 50 records (24 KB) comes with one recv; libcurl's default of 16 KB takes two. A smaller
// one for requests of single records was tried: 10,000 of them in flight took no less memory, since
// what nothing was received into is not resident.
inline constexpr CurlLong kReceiveBuffer = 32 << 10;

// Handles with the options that don't change from one request to the next. They share their TLS
// sessions. Loop thread only, but for construction and destruction.
class CurlHandlePool {
 public:
  // The handles' sockets are the engine's.
  explicit CurlHandlePool(CurlEngine& engine);
  CurlHandlePool(const CurlHandlePool&) = delete;
  CurlHandlePool& operator=(const CurlHandlePool&) = delete;

  // All handles have been released.
  ~CurlHandlePool();

  // A handle with all that is the same for every request of the endpoint, or null without memory.
  CURL* Acquire(const CurlEndpoint& endpoint);

  // `easy` is one that was acquired for the endpoint.
  void Release(CURL* easy, const CurlEndpoint& endpoint);

 private:
  // A handle for reuse, and whose options it has.
  struct Handle {
    CURL* easy;
    uint64_t endpoint;
  };

  CURL* NewHandle();
  static void SetEndpoint(CURL* easy, const CurlEndpoint& endpoint);

  CurlEngine& engine_;
  CURLSH* share_;
  std::vector<Handle> pooled_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_HANDLE_POOL_H_
