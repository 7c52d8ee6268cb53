#include "runtime/http/curl_failure.h"

#include <curl/curl.h>

#include "absl/strings/match.h"

namespace edugate::http {

Failure FailureOf(int code, const CurlProgress& progress) {
  switch (code) {
    case CURLE_OK:
      return Failure::kNone;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
    case CURLE_NOT_BUILT_IN:
      return Failure::kRequestRefused;
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also what libcurl says of an answer that isn't HTTP/1 or later.
      return progress.request_sent ? Failure::kProtocol : Failure::kRequestRefused;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Failure::kResolve;
    case CURLE_COULDNT_CONNECT:
      return progress.no_socket ? Failure::kLocal : Failure::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      if (progress.connected) return Failure::kTimeout;
      return progress.sockets_opened ? Failure::kConnect : Failure::kResolve;
    case CURLE_SSL_CONNECT_ERROR:
      // libcurl's one code for a server that can't agree with us and for one that goes away.
      return progress.broke_off ? Failure::kConnect : Failure::kTls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return Failure::kTls;
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:  // The connection ended, by a GOAWAY say.
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return Failure::kReset;
    case CURLE_RECV_ERROR:
      // libcurl's one code for a broken socket and for chunks that aren't chunks.
      return progress.response_started && !progress.system_error ? Failure::kProtocol
                                                                 : Failure::kReset;
    case CURLE_PARTIAL_FILE:
      return Failure::kTruncated;
    case CURLE_BAD_CONTENT_ENCODING:
      return Failure::kBadEncoding;
    case CURLE_FILESIZE_EXCEEDED:
      return Failure::kTooLarge;
    case CURLE_OUT_OF_MEMORY:
      // Also what libcurl says of a single header line beyond its own limit.
      return progress.request_sent ? Failure::kTooLarge : Failure::kLocal;
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return Failure::kLocal;
    default:
      return progress.request_sent ? Failure::kProtocol : Failure::kLocal;
  }
}

bool BrokeOff(absl::string_view error) {
  return absl::StartsWith(error, "Recv failure: ") || absl::StartsWith(error, "Send failure: ") ||
         absl::StrContains(error, "SSL_connect: SSL_ERROR_");
}

}  // namespace edugate::http
