// How `edugate check --explain` prints what is in force.
#ifndef APP_EXPLANATION_H_
#define APP_EXPLANATION_H_

#include <string>

#include "app/explain.h"

namespace edugate::app {

// As a table for people. What comes from elsewhere than the default has a mark.
std::string ExplanationText(const Explained& explained);

// As JSON: {"server": {KEY: {"value", "from"}}, "connections": [{"id", "provider", "values",
// "methods": {METHOD: {"effect", "values"}}}]}.
std::string ExplanationJson(const Explained& explained);

}  // namespace edugate::app

#endif  // APP_EXPLANATION_H_
