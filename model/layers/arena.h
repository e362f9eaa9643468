#ifndef DIFFUSER_MODEL_LAYERS_ARENA_H_
#define DIFFUSER_MODEL_LAYERS_ARENA_H_

#include <cstdint>
#include <memory>

namespace diffuser::layers {

class ArenaMemory;

// Memory for the tensors of one batch after the other: what a batch gives back, the next one takes,
// on pages that are there already. A batch makes some hundred megabytes of tensors; taken from the
// system anew, and cleared by it page by page, they cost a tenth of the time of the batch itself.
//
//   Arena arena;
//   {
//     const ArenaScope scope(arena);
//     at::Tensor x = at::empty({4096, 768});  // and what LibTorch's operators make: in the arena
//   }
//
// Grows to what the largest batch took at once, and keeps that. Memory that is still in use when
// the arena goes stays valid. Thread-safe, but meant for one batch at a time.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  int64_t bytes() const;       // that it holds
  int64_t live_bytes() const;  // of those, in use

 private:
  friend class ArenaScope;
  std::shared_ptr<ArenaMemory> memory_;
};

// While it lives, the CPU tensors that LibTorch makes on this thread are made in the arena. Scopes
// nest; they end on the thread that they began on. REQUIRES: the arena outlives it.
class ArenaScope {
 public:
  explicit ArenaScope(const Arena& arena);
  ~ArenaScope();
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  ArenaMemory* previous_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ARENA_H_
