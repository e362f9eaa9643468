#ifndef DIFFUSER_TESTS_TESTING_TORCH_FILE_WRITER_H_
#define DIFFUSER_TESTS_TESTING_TORCH_FILE_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/testing/checkpoint_writer.h"

// Writes files in the form of torch.save, sound ones and parts that a test then damages.
namespace diffuser::testing {

// How the fields of a zip archive are written.
struct ZipOptions {
  bool zip64 = false;   // sizes and offsets as zip64 fields, ones in their old place
  uint16_t method = 0;  // the compression method that every entry claims
  uint16_t flags = 0;   // the general purpose flags of every entry
  std::string comment;  // of the archive
};

// An archive of stored entries, name and content.
std::string ZipFile(const std::vector<std::pair<std::string, std::string>>& entries,
                    const ZipOptions& options = {});

// Writes a pickle opcode by opcode.
class PickleWriter {
 public:
  // Protocol 2 writes GLOBAL and long strings, protocol 4 frames, short strings and STACK_GLOBAL.
  explicit PickleWriter(int protocol);

  PickleWriter& Op(absl::string_view opcode);  // its bytes as they are
  PickleWriter& Int(int64_t number);
  PickleWriter& Text(absl::string_view text);
  PickleWriter& Global(absl::string_view module, absl::string_view name);
  PickleWriter& IntTuple(const std::vector<int64_t>& numbers);
  std::string Finish();  // the whole pickle, with STOP

 private:
  int protocol_;
  std::string body_;
};

// One tensor of a state dict: a view of a storage.
struct TensorView {
  std::string storage_type;  // "FloatStorage"
  std::string key;           // of the storage
  int64_t storage_elements = 0;
  int64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

// Writes the call that rebuilds `view`, as torch.save does, or wrapped as a parameter.
void PickleTensor(const TensorView& view, bool is_parameter, PickleWriter& pickle);

struct TorchFileOptions {
  int protocol = 2;
  bool are_parameters = false;  // every tensor as torch.nn.Parameter
  bool are_transposed = false;  // matrices stored column by column, as views with swapped strides
  ZipOptions zip;
};

// The file that torch.save writes for a module's state dict of these tensors.
// REQUIRES: dtypes are F32, F16, BF16 or I64.
std::string TorchFile(const std::vector<FileTensor>& tensors, const TorchFileOptions& options = {});

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_TORCH_FILE_WRITER_H_
