#include "tests/model/kernels/cuda/shim/engine.h"

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/model/kernels/cuda/shim/block.h"

namespace diffuser::kernels::cuda::shim {
namespace {

constexpr int kWarp = 32;
constexpr size_t kStackBytes = 128 * 1024;

// One thread of the kernel. It begins as a context on a stack of its own; from then on it is left
// and entered by jumps, which cost a tenth of a context's switch.
struct Fiber {
  ThreadState state;
  ucontext_t context;
  jmp_buf jump;
  bool has_begun = false;
  bool is_done = false;
  bool waits = false;
  const char* waits_for = "";
};

// A meeting of some lanes of a warp that not all have come to.
struct Meeting {
  Block* block;
  int warp;
  uint32_t mask;
  const char* name;
  uint32_t arrived = 0;
  void* operands[kWarp] = {};
  Fiber* fibers[kWarp] = {};
};

// The blocks of one cluster, run to their end.
class ClusterRun {
 public:
  ClusterRun(const LaunchShape& shape, const std::function<void()>& kernel, Index3 first_block);
  ~ClusterRun();

  void RunToEnd(RunResult& result);

  void BlockBarrier(const std::source_location& where);
  void ClusterBarrier(const std::source_location& where);
  void Meet(uint32_t mask, const char* name, void* operand,
            const std::function<void(void* const (&)[kWarp])>& act);

  Fiber& current() { return *current_; }
  Block& block(int rank) { return *blocks_[rank]; }

 private:
  static void Enter();
  void MakeReady(Fiber& fiber, char* stack);
  void Wait(const char* what);
  void Yield();
  void ReleaseBlock(Block* block);
  bool Turn();
  void Run(Fiber* fiber);
  [[noreturn]] static void Resume(Fiber& fiber);
  void ReportWaiting();
  bool IsLeftOut(const std::source_location& where);

  const LaunchShape& shape_;
  const std::function<void()>& kernel_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::unique_ptr<Fiber>> fibers_;  // [cluster threads]
  std::vector<Fiber*> order_;
  std::list<Meeting> meetings_;
  std::vector<int> at_block_barrier_;  // [blocks]
  int at_cluster_barrier_ = 0;
  std::set<std::string> barriers_;
  jmp_buf scheduler_;
  Fiber* current_ = nullptr;
};

ClusterRun* running = nullptr;

// Stacks are kept from one cluster to the next.
char* Stack(size_t index) {
  static std::vector<std::unique_ptr<char[]>> stacks;
  while (stacks.size() <= index) {
    stacks.push_back(std::make_unique_for_overwrite<char[]>(kStackBytes));
  }
  return stacks[index].get();
}

void ClusterRun::MakeReady(Fiber& fiber, char* stack) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack;
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, Enter, 0);
}

ClusterRun::ClusterRun(const LaunchShape& shape, const std::function<void()>& kernel,
                       Index3 first_block)
    : shape_(shape), kernel_(kernel), at_block_barrier_(shape.cluster) {
  for (int rank = 0; rank < shape.cluster; ++rank) {
    blocks_.push_back(std::make_unique<Block>(rank, shape.shared_bytes));
    for (int thread = 0; thread < shape.threads; ++thread) {
      auto fiber = std::make_unique<Fiber>();
      Index3 block_index = first_block;
      block_index.x += rank;
      fiber->state = {.thread_index = {static_cast<unsigned>(thread), 0, 0},
                      .block_index = block_index,
                      .block = blocks_.back().get(),
                      .lane = thread % kWarp,
                      .warp = thread / kWarp,
                      .cluster_thread = rank * shape.threads + thread};
      MakeReady(*fiber, Stack(fibers_.size()));
      order_.push_back(fiber.get());
      fibers_.push_back(std::move(fiber));
    }
  }
  if (shape.last_first) std::reverse(order_.begin(), order_.end());
  running = this;
}

ClusterRun::~ClusterRun() { running = nullptr; }

void ClusterRun::Enter() {
  running->kernel_();
  running->current_->is_done = true;
  ++running->current_->state.block->ended_threads;
  _longjmp(running->scheduler_, 1);
}

void ClusterRun::RunToEnd(RunResult& result) {
  while (Turn()) {
  }
  ReportWaiting();
  for (const auto& block : blocks_) {
    for (const std::string& report : block->shared.reports()) {
      const Index3& index = fibers_.front()->state.block_index;
      result.reports.push_back(
          absl::StrCat("block (", index.x, ", ", index.y, ", ", index.z, "): ", report));
    }
  }
  result.barriers.merge(barriers_);
}

// Lets every thread that can go on do so once; false where none can.
bool ClusterRun::Turn() {
  bool has_run = false;
  for (Fiber* fiber : order_) {
    if (fiber->is_done || fiber->waits) continue;
    has_run = true;
    Run(fiber);
  }
  return has_run;
}

void ClusterRun::Run(Fiber* fiber) {
  current_ = fiber;
  if (_setjmp(scheduler_) == 0) Resume(*fiber);
}

void ClusterRun::Resume(Fiber& fiber) {
  if (fiber.has_begun) _longjmp(fiber.jump, 1);
  fiber.has_begun = true;
  setcontext(&fiber.context);
  std::abort();  // it does not return
}

void ClusterRun::ReportWaiting() {
  for (Fiber* fiber : order_) {
    if (fiber->is_done) continue;
    fiber->state.block->shared.Report(absl::StrCat("thread ", fiber->state.cluster_thread,
                                                   " waits for ever at ", fiber->waits_for));
  }
}

void ClusterRun::Wait(const char* what) {
  current_->waits = true;
  current_->waits_for = what;
  Yield();
}

// Lets the others run: who came to a barrier last is not the first to go on.
void ClusterRun::Yield() {
  if (_setjmp(current_->jump) == 0) _longjmp(scheduler_, 1);
}

void ClusterRun::ReleaseBlock(Block* block) {
  for (const auto& fiber : fibers_) {
    if (fiber->state.block != block) continue;
    fiber->waits = false;
    ++fiber->state.block_phase;
  }
}

bool ClusterRun::IsLeftOut(const std::source_location& where) {
  const std::string site = absl::StrCat(where.file_name(), ":", where.line());
  barriers_.insert(site);
  return site == shape_.without_barrier;
}

void ClusterRun::BlockBarrier(const std::source_location& where) {
  if (IsLeftOut(where)) return;
  Block* block = current_->state.block;
  int& arrived = at_block_barrier_[block->rank];
  if (++arrived < shape_.threads) return Wait("a barrier of its block");
  arrived = 0;
  ReleaseBlock(block);
  Yield();
}

void ClusterRun::ClusterBarrier(const std::source_location& where) {
  if (IsLeftOut(where)) return;
  if (++at_cluster_barrier_ < static_cast<int>(fibers_.size())) {
    return Wait("a barrier of its cluster");
  }
  at_cluster_barrier_ = 0;
  for (const auto& block : blocks_) ReleaseBlock(block.get());
  for (const auto& fiber : fibers_) ++fiber->state.cluster_phase;
  Yield();
}

void ClusterRun::Meet(uint32_t mask, const char* name, void* operand,
                      const std::function<void(void* const (&)[kWarp])>& act) {
  const ThreadState& self = current_->state;
  auto meeting = std::find_if(meetings_.begin(), meetings_.end(), [&](const Meeting& m) {
    return m.block == self.block && m.warp == self.warp && m.mask == mask &&
           std::strcmp(m.name, name) == 0;
  });
  if (meeting == meetings_.end()) {
    meeting = meetings_.insert(meetings_.end(), {self.block, self.warp, mask, name});
  }
  if ((mask >> self.lane & 1) == 0) {
    self.block->shared.Report(
        absl::StrCat("thread ", self.cluster_thread, " is not in the mask of ", name));
    return;
  }
  meeting->operands[self.lane] = operand;
  meeting->fibers[self.lane] = current_;
  meeting->arrived |= 1u << self.lane;
  if (meeting->arrived != mask) return Wait(name);
  act(meeting->operands);
  for (Fiber* fiber : meeting->fibers) {
    if (fiber != nullptr) fiber->waits = false;
  }
  meetings_.erase(meeting);
}

}  // namespace

RunResult RunKernel(const LaunchShape& shape, const std::function<void()>& kernel) {
  std::vector<Index3> clusters;
  for (unsigned z = 0; z < shape.grid.z; ++z) {
    for (unsigned y = 0; y < shape.grid.y; ++y) {
      for (unsigned x = 0; x < shape.grid.x; x += shape.cluster) clusters.push_back({x, y, z});
    }
  }
  if (shape.last_first) std::reverse(clusters.begin(), clusters.end());
  RunResult result;
  for (const Index3& first_block : clusters) {
    ClusterRun(shape, kernel, first_block).RunToEnd(result);
  }
  return result;
}

ThreadState& Current() { return running->current().state; }

void BlockBarrier(const std::source_location& where) { running->BlockBarrier(where); }

void ClusterBarrier(const std::source_location& where) { running->ClusterBarrier(where); }

void WarpBarrier(uint32_t mask) {
  Meet(mask, "a barrier of its warp", nullptr, [](void* const(&)[kWarp]) {});
  ++Current().warp_phase;
}

void Meet(uint32_t mask, const char* name, void* operand,
          const std::function<void(void* const (&operands)[kWarp])>& act) {
  running->Meet(mask, name, operand, act);
}

int ClusterRank() { return Current().block->rank; }

Block& BlockOfRank(int rank) { return running->block(rank); }

}  // namespace diffuser::kernels::cuda::shim
