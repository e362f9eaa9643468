#include "model/checkpoint/zip_archive.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/messages.h"

// A zip archive is read from its end: the end record says where the central directory is, which has
// one record an entry, which says where the entry's local header is; the data follow that header.
// Numbers too large for a field stand as all ones there, and in full in a zip64 record.
// Field offsets are those of the zip specification (PKWARE's APPNOTE, sections 4.3.7 to 4.3.16).
namespace diffuser::checkpoint {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr size_t kLocalBytes = 30;
constexpr size_t kCentralBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kLocator64Bytes = 20;
constexpr size_t kMostComment = 0xffff;
constexpr uint16_t kZip64Field = 1;
constexpr uint16_t kEncryptedFlag = 1;
constexpr uint32_t kOnes32 = 0xffffffff;

struct Directory {
  uint64_t entries;
  Bytes records;
};

struct Entry {
  std::string name;
  uint64_t size;
  uint64_t header_offset;
};

absl::Status Broken(absl::string_view origin, absl::string_view what) {
  return Invalid(origin, absl::StrCat("found ", what,
                                      ", expected a whole zip archive as torch.save writes it"));
}

// `size` bytes at `offset` that start with `signature`.
std::optional<Bytes> Record(Bytes file, uint64_t offset, size_t size, uint32_t signature) {
  const std::optional<Bytes> record = Slice(file, offset, size);
  if (!record || LoadLittleEndian<uint32_t>(*record, 0) != signature) return std::nullopt;
  return record;
}

std::optional<size_t> FindEnd(Bytes file) {
  if (file.size() < kEndBytes) return std::nullopt;
  const size_t last = file.size() - kEndBytes;
  const size_t first = last - std::min(last, kMostComment);
  for (size_t offset = last + 1; offset-- > first;) {
    if (Record(file, offset, kEndBytes, kEndSignature)) return offset;
  }
  return std::nullopt;
}

absl::StatusOr<Directory> FindDirectory(Bytes file, absl::string_view origin) {
  const std::optional<size_t> end = FindEnd(file);
  if (!end) return Broken(origin, "no end record (truncated, or no zip file)");
  uint64_t entries = LoadLittleEndian<uint16_t>(file, *end + 10);
  uint64_t size = LoadLittleEndian<uint32_t>(file, *end + 12);
  uint64_t offset = LoadLittleEndian<uint32_t>(file, *end + 16);
  std::optional<Bytes> locator;
  if (*end >= kLocator64Bytes) {
    locator = Record(file, *end - kLocator64Bytes, kLocator64Bytes, kLocator64Signature);
  }
  if (locator) {
    const std::optional<Bytes> end64 =
        Record(file, LoadLittleEndian<uint64_t>(*locator, 8), kEnd64Bytes, kEnd64Signature);
    if (!end64) return Broken(origin, "no zip64 end record where its locator points");
    entries = LoadLittleEndian<uint64_t>(*end64, 32);
    size = LoadLittleEndian<uint64_t>(*end64, 40);
    offset = LoadLittleEndian<uint64_t>(*end64, 48);
  }
  const std::optional<Bytes> records = Slice(file, offset, size);
  if (!records) {
    return Broken(origin, absl::StrCat("a central directory of ", size, " bytes at ", offset,
                                       " in a file of ", file.size()));
  }
  return Directory{entries, *records};
}

// Puts the 64-bit numbers of a zip64 extra field in place of those that stand as all ones; they
// come in a fixed order, each only where it is needed. False where one of them is not there.
bool WidenFromExtra(Bytes extra, absl::Span<uint64_t* const> numbers) {
  const auto is_wide = [](const uint64_t* number) { return *number == kOnes32; };
  if (std::none_of(numbers.begin(), numbers.end(), is_wide)) return true;
  for (size_t at = 0; at + 4 <= extra.size();) {
    const size_t length = LoadLittleEndian<uint16_t>(extra, at + 2);
    const std::optional<Bytes> field = Slice(extra, at + 4, length);
    if (!field) return false;
    if (LoadLittleEndian<uint16_t>(extra, at) == kZip64Field) {
      size_t next = 0;
      for (uint64_t* number : numbers) {
        if (!is_wide(number)) continue;
        if (!Slice(*field, next, sizeof(uint64_t))) return false;
        *number = LoadLittleEndian<uint64_t>(*field, next);
        next += sizeof(uint64_t);
      }
      return true;
    }
    at += 4 + length;
  }
  return false;
}

// Reads the record at the front of `records` and drops it from there.
absl::StatusOr<Entry> ReadEntry(Bytes& records, absl::string_view origin) {
  const std::optional<Bytes> record = Record(records, 0, kCentralBytes, kCentralSignature);
  if (!record) return Broken(origin, "a central directory that ends early");
  const size_t name_bytes = LoadLittleEndian<uint16_t>(*record, 28);
  const size_t extra_bytes = LoadLittleEndian<uint16_t>(*record, 30);
  const size_t comment_bytes = LoadLittleEndian<uint16_t>(*record, 32);
  const auto name = Slice(records, kCentralBytes, name_bytes);
  const auto extra = Slice(records, kCentralBytes + name_bytes, extra_bytes);
  const size_t whole = kCentralBytes + name_bytes + extra_bytes + comment_bytes;
  if (!name || !extra || whole > records.size()) {
    return Broken(origin, "a central directory that ends early");
  }
  Entry entry{std::string(AsText(*name)), LoadLittleEndian<uint32_t>(*record, 24),
              LoadLittleEndian<uint32_t>(*record, 42)};
  uint64_t packed_size = LoadLittleEndian<uint32_t>(*record, 20);
  const std::string label = absl::StrCat("entry ", Printable(entry.name), " ");
  if (!WidenFromExtra(*extra, {&entry.size, &packed_size, &entry.header_offset})) {
    return Broken(origin, label + "without its zip64 sizes");
  }
  const uint16_t method = LoadLittleEndian<uint16_t>(*record, 10);
  if (method != 0 || packed_size != entry.size) {
    return Broken(origin, absl::StrCat(label, "compressed with method ", method));
  }
  if (LoadLittleEndian<uint16_t>(*record, 8) & kEncryptedFlag) {
    return Broken(origin, label + "encrypted");
  }
  records.remove_prefix(whole);
  return entry;
}

absl::StatusOr<Bytes> FindData(Bytes file, const Entry& entry, absl::string_view origin) {
  const std::optional<Bytes> header =
      Record(file, entry.header_offset, kLocalBytes, kLocalSignature);
  if (header) {
    const uint64_t start = entry.header_offset + kLocalBytes +
                           LoadLittleEndian<uint16_t>(*header, 26) +
                           LoadLittleEndian<uint16_t>(*header, 28);
    const std::optional<Bytes> data = Slice(file, start, entry.size);
    if (data) return *data;
  }
  return Broken(origin, absl::StrCat("entry ", Printable(entry.name), " of ", entry.size,
                                     " bytes, header at ", entry.header_offset,
                                     ", outside the file of ", file.size()));
}

}  // namespace

absl::StatusOr<ZipEntries> ReadZip(Bytes file, absl::string_view origin) {
  absl::StatusOr<Directory> directory = FindDirectory(file, origin);
  if (!directory.ok()) return directory.status();
  ZipEntries entries;
  for (uint64_t i = 0; i < directory->entries; ++i) {
    const absl::StatusOr<Entry> entry = ReadEntry(directory->records, origin);
    if (!entry.ok()) return entry.status();
    const absl::StatusOr<Bytes> data = FindData(file, *entry, origin);
    if (!data.ok()) return data.status();
    if (!entries.emplace(entry->name, *data).second) {
      return Broken(origin, absl::StrCat("entry ", Printable(entry->name), " twice"));
    }
  }
  return entries;
}

}  // namespace diffuser::checkpoint
