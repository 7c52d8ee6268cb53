#include "app/explanation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace edugate::app {
namespace {

const char* NameOf(ValueSource source) {
  switch (source) {
    case ValueSource::kFile:
      return "file";
    case ValueSource::kDeclaration:
      return "declaration";
    case ValueSource::kDefault:
      break;
  }
  return "default";
}

const char* MarkOf(ValueSource source) {
  switch (source) {
    case ValueSource::kFile:
      return " *";
    case ValueSource::kDeclaration:
      return " +";
    case ValueSource::kDefault:
      break;
  }
  return "";
}

std::string Cell(const ValueInForce& value) {
  return absl::StrCat(value.value, MarkOf(value.source));
}

// Rows of cells as columns; the first row is the head.
std::string Columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, " ", row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 1, ' ');
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::vector<std::vector<std::string>> RowsOf(const Values& values) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(values.size());
  for (const ValueInForce& value : values) rows.push_back({value.key, Cell(value)});
  return rows;
}

nlohmann::ordered_json ToJson(const Values& values) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ValueInForce& value : values) {
    json[value.key] = {{"value", value.value}, {"from", NameOf(value.source)}};
  }
  return json;
}

}  // namespace

std::string ExplanationText(const Explained& explained) {
  std::string text =
      "* from the file, + as the provider's method is declared; everything else is the default\n";
  absl::StrAppend(&text, "\nserver\n", Columns(RowsOf(explained.server)));
  for (const ConnectionExplained& connection : explained.connections) {
    absl::StrAppend(&text, "\nconnection ", connection.id, " (", connection.provider, ")\n");
    absl::StrAppend(&text, Columns(RowsOf(connection.values)), "\n");
    std::vector<std::vector<std::string>> rows = {{"method", "effect"}};
    if (!connection.methods.empty()) {
      for (const ValueInForce& value : connection.methods.front().values) {
        rows.front().push_back(value.key);
      }
    }
    for (const MethodExplained& method : connection.methods) {
      rows.push_back({method.method, method.effect});
      for (const ValueInForce& value : method.values) rows.back().push_back(Cell(value));
    }
    absl::StrAppend(&text, Columns(rows));
  }
  return text;
}

std::string ExplanationJson(const Explained& explained) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConnectionExplained& connection : explained.connections) {
    nlohmann::ordered_json methods = nlohmann::ordered_json::object();
    for (const MethodExplained& method : connection.methods) {
      methods[method.method] = {{"effect", method.effect}, {"values", ToJson(method.values)}};
    }
    list.push_back({{"id", connection.id},
                    {"provider", connection.provider},
                    {"values", ToJson(connection.values)},
                    {"methods", std::move(methods)}});
  }
  return nlohmann::ordered_json(
             {{"server", ToJson(explained.server)}, {"connections", std::move(list)}})
      .dump(2);
}

}  // namespace edugate::app
