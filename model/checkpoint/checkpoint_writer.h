#ifndef DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_WRITER_H_
#define DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/checkpoint/file_writer.h"

// Writes what Checkpoint::Open reads:
//
//   std::vector<NamedTensor> tensors;  // one for each of ExpectedTensors(config), state_dict.h
//   absl::Status status = WriteSafetensors(dir + "/model.safetensors", tensors,
//                                          StoredType::kFloat32);
//   absl::StatusOr<std::string> json = ConfigJson(config);  // config_writer.h
//   status = WriteFileAtomically(dir + "/config.json", *json);
namespace diffuser::checkpoint {

struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  absl::Span<const float> values;  // row-major, not owned
};

enum class StoredType { kFloat32, kFloat16, kBFloat16 };

// As safetensors names it: "F32", "F16", "BF16".
absl::string_view StoredTypeName(StoredType type);

// The elements' bytes in `type`, rounded to nearest, ties to even.
std::string StoredBytes(absl::Span<const float> values, StoredType type);

// The name that the published code gives a tensor of ExpectedTensors: the encoder's begin with
// `diffuser.`, the heads' do not.
std::string PublishedName(absl::string_view name);

// Texts that go into the file's header; "format" is "pt" unless said otherwise.
using Metadata = std::map<std::string, std::string>;

// Writes a safetensors file: the tensors one after the other in their order, without gaps (the
// format allows none), the first at a multiple of 64 bytes, so that each element is aligned in a
// mapping of the file. The same bytes for the same arguments. The file at `path` is replaced when
// the new one is whole on the disk, and stays as it was on any error. Errors: INVALID_ARGUMENT (a
// name twice or reserved, values that do not fill the shape), OUT_OF_RANGE (a finite number that
// `type` has no finite neighbour for; names the tensor), and FileWriter's: RESOURCE_EXHAUSTED where
// the disk is full.
absl::Status WriteSafetensors(const std::string& path, absl::Span<const NamedTensor> tensors,
                              StoredType type, const Metadata& metadata = {});

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_WRITER_H_
