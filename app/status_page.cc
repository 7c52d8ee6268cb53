#include "app/status_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "app/status_page_html.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::app {

StatusPage MakeStatusPage() {
  const std::string nonce = telemetry::Hex(telemetry::NewTraceId());
  return {.html = absl::StrReplaceAll(kStatusPageHtml, {{"__NONCE__", nonce}}),
          .content_security_policy = absl::StrCat(
              "default-src 'none'; script-src 'nonce-", nonce, "'; style-src 'nonce-", nonce,
              "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
              "frame-ancestors 'none'")};
}

}  // namespace edugate::app
