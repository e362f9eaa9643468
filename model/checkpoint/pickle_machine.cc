#include "model/checkpoint/pickle_machine.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace diffuser::checkpoint {
namespace {

using Kind = PickleValue::Kind;

constexpr absl::string_view kOrderedDict = "collections.OrderedDict";

const PickleValue kNothing;

}  // namespace

absl::StatusOr<PickleArena> PickleMachine::Finish() {
  arena_.root = Pop();
  if (!status_.ok()) return status_;
  return std::move(arena_);
}

absl::string_view PickleMachine::TakeLine() {
  const absl::string_view rest = AsText(pickle_.subspan(at_));
  const size_t length = rest.find('\n');
  return AsText(Take(length == absl::string_view::npos ? rest.size() + 1 : length + 1))
      .substr(0, length);
}

void PickleMachine::CheckProtocol() {
  const int protocol = TakeNumber<uint8_t>();
  if (protocol < 2 || protocol > 5) {
    Fail(absl::StrCat("found protocol ", protocol, ", expected 2 to 5"));
  }
}

void PickleMachine::PushLong(size_t size) {
  const Bytes bytes = Take(size);
  uint64_t number = 0;
  if (size > sizeof(number)) Fail("found an integer of more than 64 bits");
  if (!status_.ok()) return;
  const bool negative = size > 0 && (bytes[size - 1] & std::byte{0x80}) != std::byte{0};
  if (negative) number = ~uint64_t{0};
  if (size > 0) std::memcpy(&number, bytes.data(), size);
  PushNumber(Kind::kInt, static_cast<int64_t>(number));
}

void PickleMachine::PushGlobal(absl::string_view module, absl::string_view name) {
  const std::string& global = arena_.names.emplace_back(absl::StrCat(module, ".", name));
  if (std::find(allowed_.begin(), allowed_.end(), global) == allowed_.end()) {
    Fail(absl::StrCat("found a reference to ", Printable(global),
                      ", expected only what a state dict needs; a pickle is never executed"));
  }
  Push(Kind::kGlobal).text = global;
}

void PickleMachine::PushGlobalFromStack() {
  const PickleValue* name = Pop();
  const PickleValue* module = Pop();
  if (name->kind == Kind::kString && module->kind == Kind::kString) {
    return PushGlobal(module->text, name->text);
  }
  Fail("found a global without a name, expected two strings");
}

void PickleMachine::PushTuple(size_t size) {
  std::vector<const PickleValue*> items(size);
  for (size_t i = size; i-- > 0;) items[i] = Pop();
  Push(Kind::kTuple).items = std::move(items);
}

void PickleMachine::PushMarkedTuple() {
  std::vector<const PickleValue*> items = PopToMark();
  Push(Kind::kTuple).items = std::move(items);
}

const PickleValue* PickleMachine::Pop() {
  if (stack_.size() == Floor()) {
    Fail("found an empty stack, expected a value on it");
    return &kNothing;
  }
  const PickleValue* top = stack_.back();
  stack_.pop_back();
  return top;
}

PickleValue* PickleMachine::Top(Kind kind) {
  if (stack_.size() > Floor() && stack_.back()->kind == kind) return stack_.back();
  Fail("found the wrong kind of value on the stack");
  return nullptr;
}

std::vector<const PickleValue*> PickleMachine::PopToMark() {
  if (marks_.empty()) {
    Fail("found no mark on the stack");
    return {};
  }
  std::vector<const PickleValue*> items(stack_.begin() + marks_.back(), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return items;
}

void PickleMachine::Extend(Kind kind, std::vector<const PickleValue*> items) {
  if (kind == Kind::kDict && items.size() % 2 != 0) Fail("found a key without its value");
  PickleValue* collection = Top(kind);
  if (collection == nullptr) return;
  collection->items.insert(collection->items.end(), items.begin(), items.end());
}

void PickleMachine::SetItem() {
  const PickleValue* value = Pop();
  const PickleValue* key = Pop();
  Extend(Kind::kDict, {key, value});
}

void PickleMachine::Memoize(uint64_t index) {
  if (stack_.size() == Floor()) return Fail("found an empty stack, expected a value to remember");
  memo_[index] = stack_.back();
}

void PickleMachine::Recall(uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) return Fail(absl::StrCat("found no remembered value ", index));
  stack_.push_back(found->second);
}

void PickleMachine::Reduce() {
  const PickleValue* arguments = Pop();
  const PickleValue* callee = Pop();
  if (callee->kind != Kind::kGlobal || arguments->kind != Kind::kTuple) {
    return Fail("found a call without a name or arguments");
  }
  // An empty OrderedDict is a dict that SETITEMS fills next.
  const bool is_dict = callee->text == kOrderedDict && arguments->items.empty();
  PickleValue& value = Push(is_dict ? Kind::kDict : Kind::kCall);
  if (is_dict) return;
  value.text = callee->text;
  value.items = {arguments};
}

// torch gives the attribute _metadata to a state dict: versions of modules, of no use here.
void PickleMachine::Build() {
  const PickleValue* state = Pop();
  if (state->kind != Kind::kDict) Fail("found an object's state that is no dict");
  Top(Kind::kDict);
}

void PickleMachine::MakePersistent() {
  const PickleValue* id = Pop();
  if (id->kind != Kind::kTuple) return Fail("found a persistent id that is no tuple");
  Push(Kind::kPersistent).items = {id};
}

}  // namespace diffuser::checkpoint
