#include "runtime/http/curl_handle_pool.h"

#include <curl/curl.h>

#include <cstddef>

#include "absl/time/time.h"
#include "runtime/http/curl_endpoint.h"
#include "runtime/http/curl_engine.h"
#include "runtime/http/curl_request.h"
#include "runtime/http/curl_transfer.h"

namespace edugate::http {

namespace {

// Handles kept for reuse; more than this many at once are rare.
constexpr std::size_t kPooledHandles = 64;

}  // namespace

CurlHandlePool::CurlHandlePool(CurlEngine& engine) : engine_(engine), share_(curl_share_init()) {
  // Without it each handle has TLS sessions of its own.
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CurlHandlePool::~CurlHandlePool() {
  for (const Handle& handle : pooled_) curl_easy_cleanup(handle.easy);
  curl_share_cleanup(share_);
}

CURL* CurlHandlePool::Acquire(const CurlEndpoint& endpoint) {
  // One that was this endpoint's before needs nothing.
  for (std::size_t i = pooled_.size(); i-- > 0;) {
    if (pooled_[i].endpoint != endpoint.id()) continue;
    CURL* const easy = pooled_[i].easy;
    pooled_.erase(pooled_.begin() + static_cast<std::ptrdiff_t>(i));
    return easy;
  }
  CURL* easy = nullptr;
  if (pooled_.size() < kPooledHandles) {
    easy = NewHandle();
  } else {
    easy = pooled_.front().easy;
    pooled_.erase(pooled_.begin());
  }
  if (easy != nullptr) SetEndpoint(easy, endpoint);
  return easy;
}

void CurlHandlePool::Release(CURL* easy, const CurlEndpoint& endpoint) {
  if (pooled_.size() < kPooledHandles) {
    pooled_.push_back({easy, endpoint.id()});
  } else {
    curl_easy_cleanup(easy);
  }
}

// The options that are the same for all requests. CURLOPT_TIMEOUT_MS is not among them: the
// transfer's own timer ends it at the call's deadline, to the microsecond and by the loop's clock,
// and libcurl is spared a timer for each transfer.
CURL* CurlHandlePool::NewHandle() {
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) return nullptr;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // RefusalOf() lets plain http pass to this machine only.
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 0L);
  curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<CurlLong>(CURL_NETRC_IGNORED));
  // Also spares libcurl a look into the environment for each request.
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  // Each request's is a parsed one, but libcurl makes a text of the first of a handle that has
  // none.
  curl_easy_setopt(easy, CURLOPT_URL, "https://invalid/");
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  // Otherwise the end of a transfer whose name is still being resolved waits for the resolver's
  // thread, and the loop with it.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 55L);
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_SHARE, share_);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlEngine::OnClose);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &engine_);
  CurlTransfer::SetCallbacks(easy);
  return easy;
}

// The options that differ between endpoints, on a handle that may have been another one's.
void CurlHandlePool::SetEndpoint(CURL* easy, const CurlEndpoint& endpoint) {
  const EndpointOptions& options = endpoint.options();
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<CurlLong>(absl::ToInt64Milliseconds(options.connect_timeout)));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT,
                   static_cast<CurlLong>(options.stall_bytes_per_second));
  // The system's authorities are libcurl's own default, which a null doesn't bring back; and they
  // are not trusted beside those of a file.
  // Each connection reads them again, so that a file that was exchanged counts at once.
  const curl_version_info_data& built = *curl_version_info(CURLVERSION_NOW);
  const bool system = options.ca_file.empty();
  curl_easy_setopt(easy, CURLOPT_CAINFO, system ? built.cainfo : options.ca_file.c_str());
  const char* const none = nullptr;
  curl_easy_setopt(easy, CURLOPT_CAPATH, system ? built.capath : none);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  curl_easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<CurlLong>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, options.http2 ? 1L : 0L);
  // Where there is HTTP/2, each request says it anew.
  SetOwnConnection(easy, false);
}

}  // namespace edugate::http
