// libcurl's types for headers: <curl/curl.h> is slow to compile, so only .cc files include it.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_TYPES_H_
#define EDUGATE_RUNTIME_HTTP_CURL_TYPES_H_

struct Curl_URL;
struct curl_slist;
struct curl_sockaddr;

// As <curl/curl.h> has them: a .cc file does not compile with a libcurl of other types.
using CURL = void;
using CURLM = void;
using CURLSH = void;
using CURLU = Curl_URL;
using curl_socket_t = int;

namespace edugate::http {

using CurlLong = long;  // NOLINT(google-runtime-int): libcurl's numbers are of this type.

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_TYPES_H_
