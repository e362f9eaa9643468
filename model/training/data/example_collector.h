#ifndef DIFFUSER_MODEL_TRAINING_DATA_EXAMPLE_COLLECTOR_H_
#define DIFFUSER_MODEL_TRAINING_DATA_EXAMPLE_COLLECTOR_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/fault_list.h"
#include "model/training/data/examples.h"

namespace diffuser::training {

// What the readers of all forms share: takes examples as they come, checks what must hold of each,
// and keeps the faults until the end. Not thread-safe.
class ExampleCollector {
 public:
  // `path` is that of the whole file or folder; `record` what it consists of: "lines", "files".
  ExampleCollector(std::string path, absl::string_view record);

  void set_multi_label(bool multi_label) { collected_.multi_label = multi_label; }

  // Takes an example whose text is UTF-8 and not blank, whose labels are UTF-8 and not empty and,
  // in a single-label file, exactly one; else counts a fault. A label named twice counts once.
  void Add(Example example);

  // Counts a fault of the record that starts at `file`:`line`.
  void Fail(absl::string_view file, int64_t line, absl::string_view what);

  // The same where the error names the place itself.
  void Fail(const absl::Status& fault) { faults_.Add(fault.message()); }

  // Errors: INVALID_ARGUMENT with the number of faults and the first ten.
  absl::StatusOr<ExampleFile> Finish() &&;

 private:
  ExampleFile collected_;
  const std::string record_;
  checkpoint::FaultList faults_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_EXAMPLE_COLLECTOR_H_
