// The page that an operator opens first.
#ifndef APP_STATUS_PAGE_H_
#define APP_STATUS_PAGE_H_

#include <string>

namespace edugate::app {

// The page and what its browser may do with it: run the page's own script and style, which the
// nonce names, ask this server, and nothing else.
struct StatusPage {
  std::string html;
  std::string content_security_policy;
};

// A page with a nonce of its own. It gets what it shows from status.json.
StatusPage MakeStatusPage();

}  // namespace edugate::app

#endif  // APP_STATUS_PAGE_H_
