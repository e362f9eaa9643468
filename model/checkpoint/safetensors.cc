#include "model/checkpoint/safetensors.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr uint64_t kMostHeaderBytes = 16 << 20;  // some hundred times a large model's header

// The bytes of one tensor, counted from the start of the data.
struct Range {
  int64_t begin;
  int64_t end;
  std::string name;
};

absl::StatusOr<Bytes> FindHeader(Bytes file, absl::string_view origin) {
  if (file.size() < kLengthBytes) {
    return Invalid(origin, absl::StrCat("found ", file.size(), " bytes, expected at least ",
                                        kLengthBytes, " (the header's length)"));
  }
  const uint64_t length = LoadLittleEndian<uint64_t>(file, 0);
  const uint64_t most = std::min<uint64_t>(file.size() - kLengthBytes, kMostHeaderBytes);
  if (length > most) {
    return Invalid(
        origin, absl::StrCat("found a header length of ", length, " bytes, expected at most ", most,
                             " (truncated, or no safetensors file)"));
  }
  return file.subspan(kLengthBytes, length);
}

// A list of numbers from 0 to 2^63 - 1, or nothing where `value` is no such list.
std::optional<std::vector<int64_t>> AsExtents(const json* value) {
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<int64_t> extents;
  for (const json& extent : *value) {
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() > INT64_MAX) return std::nullopt;
    extents.push_back(extent.get<int64_t>());
  }
  return extents;
}

const json* FindKey(const json& entry, const char* key) {
  const auto found = entry.find(key);
  return found == entry.end() ? nullptr : &*found;
}

std::string DescribeKey(const json& entry, const char* key) {
  const json* value = FindKey(entry, key);
  return absl::StrCat("found ", key, " ", value == nullptr ? "nowhere" : Describe(*value));
}

// One header entry as a tensor whose bytes are still to be found, and its byte range.
class EntryReader {
 public:
  EntryReader(absl::string_view origin, const std::string& name, const json& entry)
      : origin_(origin), name_(name), entry_(entry) {}

  absl::StatusOr<StoredTensor> Read(Bytes data, Range& range) const {
    if (!entry_.is_object()) return Wrong(absl::StrCat("found ", Describe(entry_)), "an object");
    const json* dtype = FindKey(entry_, "dtype");
    if (dtype == nullptr || !dtype->is_string() ||
        ElementBytes(dtype->get_ref<const std::string&>()) == 0) {
      return Wrong(DescribeKey(entry_, "dtype"), "a known type such as F32");
    }
    const auto shape = AsExtents(FindKey(entry_, "shape"));
    if (!shape) return Wrong(DescribeKey(entry_, "shape"), "a list of extents");
    const auto offsets = AsExtents(FindKey(entry_, "data_offsets"));
    if (!offsets || offsets->size() != 2) {
      return Wrong(DescribeKey(entry_, "data_offsets"), "a list of two offsets");
    }
    range = {(*offsets)[0], (*offsets)[1], name_};
    StoredTensor tensor{std::string(origin_), dtype->get<std::string>(), *shape, {}, {}};
    return Place(data, range, std::move(tensor));
  }

 private:
  absl::StatusOr<StoredTensor> Place(Bytes data, const Range& range, StoredTensor tensor) const {
    const std::string found =
        absl::StrCat("found data_offsets [", range.begin, ", ", range.end, "]");
    if (range.begin > range.end || static_cast<uint64_t>(range.end) > data.size()) {
      return Wrong(found, absl::StrCat("a range within the ", data.size(),
                                       " bytes of data in the file (truncated?)"));
    }
    const int64_t size = range.end - range.begin;
    const std::optional<int64_t> count = ElementCount(tensor.shape);
    const int64_t element = ElementBytes(tensor.dtype);
    if (!count || size % element != 0 || *count != size / element) {
      return Wrong(
          absl::StrCat("found ", size, " bytes"),
          absl::StrCat("what ", tensor.dtype, " of shape ", ShapeText(tensor.shape), " takes"));
    }
    tensor.bytes = data.subspan(range.begin, size);
    return tensor;
  }

  absl::Status Wrong(absl::string_view found, absl::string_view expected) const {
    return InvalidTensor(origin_, name_, absl::StrCat(found, ", expected ", expected));
  }

  absl::string_view origin_;
  const std::string& name_;
  const json& entry_;
};

absl::Status CheckCoverage(std::vector<Range> ranges, int64_t data_bytes,
                           absl::string_view origin) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  int64_t covered = 0;
  for (const Range& range : ranges) {
    if (range.begin < covered) {
      return InvalidTensor(
          origin, range.name,
          absl::StrCat("found data_offsets [", range.begin, ", ", range.end,
                       "] overlapping another tensor, expected a start at ", covered));
    }
    if (range.begin > covered) {
      return InvalidTensor(origin, range.name,
                           absl::StrCat("found data_offsets [", range.begin, ", ", range.end,
                                        "] behind a gap, expected a start at ", covered));
    }
    covered = range.end;
  }
  if (covered == data_bytes) return absl::OkStatus();
  return Invalid(origin, absl::StrCat("found ", data_bytes, " bytes of data, expected ", covered,
                                      ", where the last tensor ends"));
}

}  // namespace

absl::StatusOr<StoredTensors> ReadSafetensors(Bytes file, absl::string_view origin) {
  const absl::StatusOr<Bytes> header = FindHeader(file, origin);
  if (!header.ok()) return header.status();
  const absl::StatusOr<json> entries = ParseJsonObject(AsText(*header), origin);
  if (!entries.ok()) return entries.status();
  const Bytes data = file.subspan(kLengthBytes + header->size());
  StoredTensors tensors;
  std::vector<Range> ranges;
  for (const auto& [name, entry] : entries->items()) {
    if (name == "__metadata__") continue;
    absl::StatusOr<StoredTensor> tensor =
        EntryReader(origin, name, entry).Read(data, ranges.emplace_back());
    if (!tensor.ok()) return tensor.status();
    tensors.emplace(name, *std::move(tensor));
  }
  const absl::Status coverage = CheckCoverage(std::move(ranges), data.size(), origin);
  if (!coverage.ok()) return coverage;
  return tensors;
}

}  // namespace diffuser::checkpoint
