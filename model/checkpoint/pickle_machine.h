#ifndef DIFFUSER_MODEL_CHECKPOINT_PICKLE_MACHINE_H_
#define DIFFUSER_MODEL_CHECKPOINT_PICKLE_MACHINE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/pickle.h"

namespace diffuser::checkpoint {

// The stack machine that a pickle is a program for, reduced to the opcodes that build data. Those
// that import or call (GLOBAL, REDUCE, BUILD, BINPERSID) make nodes of data too. Every opcode makes
// at most one value, and collections take their items from the stack, so memory is bounded by the
// pickle's length.
//
// One method an opcode (or a few alike); ReadPickle maps opcodes to them. The first failure stays
// in status(); after it the methods do nothing of consequence, and the caller stops. Holds
// references to its arguments.
class PickleMachine {
 public:
  PickleMachine(Bytes pickle, absl::Span<const absl::string_view> allowed, absl::string_view origin)
      : pickle_(pickle), allowed_(allowed), origin_(origin) {}

  // The next opcode; messages name its place until the one after it.
  uint8_t TakeOpcode() {
    opcode_at_ = at_;
    return TakeNumber<uint8_t>();
  }
  const absl::Status& status() const { return status_; }
  // Keeps an error that names the place of the last opcode, unless an earlier one is there.
  void Fail(absl::string_view what) {
    status_.Update(Invalid(origin_, absl::StrCat("pickle, byte ", opcode_at_, ": ", what)));
  }
  // The finished values, the top of the stack as root. Ends the machine.
  absl::StatusOr<PickleArena> Finish();

  // Reading the program.
  Bytes Take(uint64_t size) {
    const auto taken = Slice(pickle_, at_, size);
    if (!taken) Fail("found its end in the middle, expected a whole pickle");
    at_ += taken ? size : 0;
    return taken.value_or(Bytes());
  }
  template <typename T>
  T TakeNumber() {
    const Bytes bytes = Take(sizeof(T));
    return bytes.empty() ? T{} : LoadLittleEndian<T>(bytes, 0);
  }
  absl::string_view TakeLine();
  void CheckProtocol();

  // Values.
  PickleValue& Push(PickleValue::Kind kind) {
    PickleValue& value = arena_.values.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }
  void PushNumber(PickleValue::Kind kind, int64_t number) { Push(kind).number = number; }
  void PushText(uint64_t size) { Push(PickleValue::Kind::kString).text = AsText(Take(size)); }
  void PushLong(size_t size);
  void PushGlobal(absl::string_view module, absl::string_view name);
  void PushGlobalFromStack();
  void PushTuple(size_t size);
  void PushMarkedTuple();
  const PickleValue* Pop();
  PickleValue* Top(PickleValue::Kind kind);

  // What changes or wraps the values already there.
  void Mark() { marks_.push_back(stack_.size()); }
  std::vector<const PickleValue*> PopToMark();
  void Extend(PickleValue::Kind kind, std::vector<const PickleValue*> items);
  void SetItem();
  void Memoize(uint64_t index);
  void Recall(uint64_t index);
  void MemoizeNext() { Memoize(memo_.size()); }
  void Reduce();
  void Build();
  void MakePersistent();

 private:
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Bytes pickle_;
  absl::Span<const absl::string_view> allowed_;
  absl::string_view origin_;
  absl::Status status_;
  size_t at_ = 0;
  size_t opcode_at_ = 0;
  PickleArena arena_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;  // stack sizes, rising
  absl::flat_hash_map<uint64_t, PickleValue*> memo_;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_PICKLE_MACHINE_H_
