#include "runtime/http/curl_request.h"

#include <curl/curl.h>

namespace edugate::http {

bool SendsBody(const Request& request) {
  return request.source != nullptr || request.has_body || request.method == "POST" ||
         request.method == "PUT" || request.method == "PATCH";
}

void FreeCurlUrl::operator()(CURLU* url) const { curl_url_cleanup(url); }

CurlUrl ParsedUrl(const std::string& text, int* code) {
  CurlUrl url(curl_url());
  *code = url == nullptr ? CURLUE_OUT_OF_MEMORY
                         : curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                                        CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);
  if (*code != CURLUE_OK) url.reset();
  return url;
}

void SetMethodAndBody(CURL* easy, const Request& request) {
  // First back to GET without a body, which undoes what an earlier request on this handle has
  // set.
  const char* const none = nullptr;
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, none);
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  const char* const method = request.method.c_str();
  if (request.source != nullptr) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.source->length().value_or(-1)));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  } else if (SendsBody(request)) {
    // Without a body these say "Content-Length: 0" (RFC 9110, 8.6).
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.has_body ? request.body.size() : 0));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.has_body ? request.body.c_str() : "");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, none);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method == "GET" ? none : method);
  }
}

void SetOwnConnection(CURL* easy, bool own) {
  const CurlLong yes = own ? 1L : 0L;
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, yes);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, yes);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, yes);
  // The highest version is what it is anyway, but libcurl lets only requests with the same words
  // share a connection.
  const CurlLong apart = own ? static_cast<CurlLong>(CURL_SSLVERSION_MAX_TLSv1_3) : 0L;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                   static_cast<CurlLong>(CURL_SSLVERSION_TLSv1_2) | apart);
}

}  // namespace edugate::http
