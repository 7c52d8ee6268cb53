#include "sandbox/zip_file.h"

#include <zlib.h>

#include <cstdint>

namespace edugate::sandbox {
namespace {

constexpr uint16_t kVersion = 20;
constexpr uint16_t kUtf8Names = 0x0800;
// 1980-01-01, the first day that the format knows.
constexpr uint16_t kDate = 0x21;

// An entry's bytes may be some hundred MB, which the provider has to answer for in time.
uint32_t Crc32(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void Put16(uint16_t value, std::string& out) {
  out.push_back(static_cast<char>(value & 0xFF));
  out.push_back(static_cast<char>(value >> 8));
}

void Put32(uint32_t value, std::string& out) {
  Put16(static_cast<uint16_t>(value & 0xFFFF), out);
  Put16(static_cast<uint16_t>(value >> 16), out);
}

// What the header before an entry and the directory's record of it have in common.
void PutDescription(const ZipEntry& entry, uint32_t crc, std::string& out) {
  Put16(kVersion, out);
  Put16(kUtf8Names, out);
  Put16(0, out);  // stored
  Put16(0, out);  // midnight
  Put16(kDate, out);
  Put32(crc, out);
  Put32(static_cast<uint32_t>(entry.content.size()), out);
  Put32(static_cast<uint32_t>(entry.content.size()), out);
  Put16(static_cast<uint16_t>(entry.name.size()), out);
  Put16(0, out);  // no extra field
}

}  // namespace

std::string ZipOf(const std::vector<ZipEntry>& entries) {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const uint32_t offset = static_cast<uint32_t>(out.size());
    const uint32_t crc = Crc32(entry.content);
    out += "PK\x03\x04";
    PutDescription(entry, crc, out);
    out += entry.name;
    out += entry.content;

    directory += "PK\x01\x02";
    Put16(kVersion, directory);
    PutDescription(entry, crc, directory);
    Put16(0, directory);  // no comment
    Put16(0, directory);  // the first disk
    Put16(0, directory);  // internal attributes
    Put32(0, directory);  // external attributes
    Put32(offset, directory);
    directory += entry.name;
  }
  const uint32_t start = static_cast<uint32_t>(out.size());
  out += directory;
  out += "PK\x05\x06";
  Put16(0, out);
  Put16(0, out);
  Put16(static_cast<uint16_t>(entries.size()), out);
  Put16(static_cast<uint16_t>(entries.size()), out);
  Put32(static_cast<uint32_t>(directory.size()), out);
  Put32(start, out);
  Put16(0, out);
  return out;
}

}  // namespace edugate::sandbox
