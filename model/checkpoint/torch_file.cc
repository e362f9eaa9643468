#include "model/checkpoint/torch_file.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/pickle.h"
#include "model/checkpoint/zip_archive.h"

// What torch.save writes for a state dict, read from files of torch 2.15 (and unchanged since 1.6):
//
//   NAME/data.pkl   a dict of name -> tensor
//   NAME/data/KEY   the bytes of storage KEY
//   NAME/byteorder  "little" or "big" (absent in old files: little)
//
//   tensor    torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...), counted in
//             elements; torch._utils._rebuild_parameter(tensor, ...) where it is a parameter
//   storage   the persistent id ("storage", torch.FloatStorage, KEY, device, elements)
namespace diffuser::checkpoint {
namespace {

using Kind = PickleValue::Kind;

constexpr absl::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr absl::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr absl::string_view kPickleEntry = "/data.pkl";

struct StorageType {
  absl::string_view global;
  absl::string_view dtype;
};

constexpr StorageType kStorageTypes[] = {
    {"torch.FloatStorage", "F32"},  {"torch.HalfStorage", "F16"}, {"torch.BFloat16Storage", "BF16"},
    {"torch.DoubleStorage", "F64"}, {"torch.LongStorage", "I64"}, {"torch.IntStorage", "I32"},
    {"torch.ShortStorage", "I16"},  {"torch.CharStorage", "I8"},  {"torch.ByteStorage", "U8"},
    {"torch.BoolStorage", "BOOL"},
};

std::vector<absl::string_view> AllowedGlobals() {
  std::vector<absl::string_view> names = {"collections.OrderedDict", kRebuildTensor,
                                          kRebuildParameter};
  for (const StorageType& type : kStorageTypes) names.push_back(type.global);
  return names;
}

// The arguments of a call of `callee`, or null where `value` is none with at least `least` of them.
const std::vector<const PickleValue*>* CallArguments(const PickleValue& value,
                                                     absl::string_view callee, size_t least) {
  if (value.kind != Kind::kCall || value.text != callee) return nullptr;
  const std::vector<const PickleValue*>& arguments = value.items.front()->items;
  return arguments.size() < least ? nullptr : &arguments;
}

std::optional<std::vector<int64_t>> AsExtents(const PickleValue& value) {
  if (value.kind != Kind::kTuple) return std::nullopt;
  std::vector<int64_t> extents;
  for (const PickleValue* extent : value.items) {
    if (extent->kind != Kind::kInt || extent->number < 0) return std::nullopt;
    extents.push_back(extent->number);
  }
  return extents;
}

// One past the index of the last element that the view reaches, or nothing where that is no 64-bit
// number. REQUIRES: no extent is 0.
std::optional<int64_t> EndOfView(int64_t offset, absl::Span<const int64_t> shape,
                                 absl::Span<const int64_t> strides) {
  int64_t last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t reach = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  if (last == INT64_MAX) return std::nullopt;
  return last + 1;
}

bool IsRowMajor(absl::Span<const int64_t> shape, absl::Span<const int64_t> strides) {
  int64_t expected = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

// Reads the tensors of one archive.
class TensorReader {
 public:
  TensorReader(const ZipEntries& entries, std::string prefix, absl::string_view origin)
      : entries_(entries), prefix_(std::move(prefix)), origin_(origin) {}

  absl::StatusOr<StoredTensor> Read(absl::string_view name, const PickleValue& value) const {
    const PickleValue* tensor = &value;
    if (const auto* parameter = CallArguments(value, kRebuildParameter, 1)) {
      tensor = parameter->front();
    }
    const auto* arguments = CallArguments(*tensor, kRebuildTensor, 4);
    if (arguments == nullptr) {
      return InvalidTensor(origin_, name,
                           absl::StrCat("found ", Describe(*tensor), ", expected a tensor"));
    }
    absl::StatusOr<StoredTensor> storage = ReadStorage(name, *(*arguments)[0]);
    if (!storage.ok()) return storage;
    return View(name, *std::move(storage), *arguments);
  }

 private:
  // The whole storage as a tensor without a shape.
  absl::StatusOr<StoredTensor> ReadStorage(absl::string_view name, const PickleValue& value) const {
    static constexpr char kExpected[] = ", expected a storage of a known type and size";
    const PickleValue* id = value.kind == Kind::kPersistent ? value.items.front() : &value;
    const std::vector<const PickleValue*>& parts = id->items;
    if (value.kind != Kind::kPersistent || id->kind != Kind::kTuple || parts.size() != 5 ||
        parts[0]->text != "storage" || parts[2]->kind != Kind::kString ||
        parts[4]->kind != Kind::kInt) {
      return InvalidTensor(origin_, name, absl::StrCat("found ", Describe(value), kExpected));
    }
    const auto* type =
        std::find_if(std::begin(kStorageTypes), std::end(kStorageTypes),
                     [&](const StorageType& known) { return known.global == parts[1]->text; });
    const auto entry = entries_.find(absl::StrCat(prefix_, "/data/", parts[2]->text));
    if (type == std::end(kStorageTypes) || entry == entries_.end()) {
      return InvalidTensor(origin_, name,
                           absl::StrCat("found storage ", Describe(*parts[2]), " of type ",
                                        Describe(*parts[1]), kExpected));
    }
    const int64_t bytes = entry->second.size();
    const int64_t element = ElementBytes(type->dtype);
    if (bytes % element != 0 || bytes / element != parts[4]->number) {
      return InvalidTensor(origin_, name,
                           absl::StrCat("found a storage of ", bytes, " bytes, expected ",
                                        parts[4]->number, " elements of type ", type->dtype));
    }
    return StoredTensor{std::string(origin_), std::string(type->dtype), {}, {}, entry->second};
  }

  // The part of `storage` that the call's arguments select.
  absl::StatusOr<StoredTensor> View(absl::string_view name, StoredTensor storage,
                                    const std::vector<const PickleValue*>& arguments) const {
    const int64_t offset = arguments[1]->kind == Kind::kInt ? arguments[1]->number : -1;
    const auto shape = AsExtents(*arguments[2]);
    const auto strides = AsExtents(*arguments[3]);
    if (offset < 0 || !shape || !strides || shape->size() != strides->size()) {
      return InvalidTensor(origin_, name,
                           "found no offset, shape and strides, expected three of one rank");
    }
    storage.shape = *shape;
    const std::optional<int64_t> count = ElementCount(*shape);
    if (count == 0) {
      storage.bytes = Bytes();
      return storage;
    }
    const int64_t element = ElementBytes(storage.dtype);
    const int64_t held = storage.bytes.size() / element;
    const std::optional<int64_t> end = EndOfView(offset, *shape, *strides);
    // More elements than the storage holds: an expanded view, which could ask for any amount.
    if (!count || !end || *count > held || *end > held) {
      return InvalidTensor(
          origin_, name,
          absl::StrCat("found a view of shape ", ShapeText(*shape), ", strides ",
                       ShapeText(*strides), ", offset ", offset, ", expected one within the ", held,
                       " elements of its storage"));
    }
    if (!IsRowMajor(*shape, *strides)) storage.strides = *strides;
    storage.bytes = storage.bytes.subspan(offset * element, (*end - offset) * element);
    return storage;
  }

  const ZipEntries& entries_;
  std::string prefix_;
  absl::string_view origin_;
};

absl::Status RefuseOldForms(Bytes file, absl::string_view origin) {
  constexpr absl::string_view kOldMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
                                        14);
  constexpr size_t kTarMagicAt = 257;
  const absl::string_view text = AsText(file);
  if (!absl::StartsWith(text, kOldMagic) &&
      text.substr(std::min(kTarMagicAt, text.size()), 5) != "ustar") {
    return absl::OkStatus();
  }
  return Invalid(origin,
                 "found the form of before torch 1.6, expected a zip archive: load it there and "
                 "save it again, best as model.safetensors");
}

// The NAME in NAME/data.pkl.
absl::StatusOr<std::string> FindPrefix(const ZipEntries& entries, absl::string_view origin) {
  std::vector<absl::string_view> found;
  for (const auto& [name, data] : entries) {
    if (absl::EndsWith(name, kPickleEntry)) found.push_back(name);
  }
  if (found.size() != 1) {
    return Invalid(origin, absl::StrCat("found ", found.size(), " entries *", kPickleEntry,
                                        ", expected one, as torch.save writes it"));
  }
  const std::string prefix(found.front().substr(0, found.front().size() - kPickleEntry.size()));
  const auto order = entries.find(absl::StrCat(prefix, "/byteorder"));
  if (order != entries.end() && AsText(order->second) != "little") {
    return Invalid(origin, absl::StrCat("found byte order ", Printable(AsText(order->second)),
                                        ", expected little"));
  }
  return prefix;
}

}  // namespace

absl::StatusOr<StoredTensors> ReadTorchFile(Bytes file, absl::string_view origin) {
  const absl::Status form = RefuseOldForms(file, origin);
  if (!form.ok()) return form;
  const absl::StatusOr<ZipEntries> entries = ReadZip(file, origin);
  if (!entries.ok()) return entries.status();
  const absl::StatusOr<std::string> prefix = FindPrefix(*entries, origin);
  if (!prefix.ok()) return prefix.status();
  const Bytes pickle = entries->find(absl::StrCat(*prefix, kPickleEntry))->second;
  const absl::StatusOr<PickleArena> arena = ReadPickle(pickle, AllowedGlobals(), origin);
  if (!arena.ok()) return arena.status();
  if (arena->root->kind != Kind::kDict) {
    return Invalid(origin,
                   absl::StrCat("found ", Describe(*arena->root), ", expected a dict of tensors"));
  }
  const TensorReader reader(*entries, *prefix, origin);
  StoredTensors tensors;
  const std::vector<const PickleValue*>& items = arena->root->items;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i]->kind != Kind::kString) {
      return Invalid(origin, absl::StrCat("found the key ", Describe(*items[i]),
                                          ", expected a tensor's name"));
    }
    absl::StatusOr<StoredTensor> tensor = reader.Read(items[i]->text, *items[i + 1]);
    if (!tensor.ok()) return tensor.status();
    tensors.insert_or_assign(std::string(items[i]->text), *std::move(tensor));
  }
  return tensors;
}

}  // namespace diffuser::checkpoint
