#ifndef DIFFUSER_TESTS_SERVER_SERVICES_FAKE_PIPELINE_H_
#define DIFFUSER_TESTS_SERVER_SERVICES_FAKE_PIPELINE_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "server/pipeline/pipeline.h"

namespace diffuser::services {

using Done = batching::Completion<pipeline::ClassifyAnswer>;
using Handler = std::function<void(pipeline::ClassifyTask, Done)>;

inline pipeline::ClassifyAnswer AnAnswer() {
  pipeline::ClassifyAnswer answer;
  answer.labels = {{.index = 1, .score = 0.75f}, {.index = 0, .score = 0.25f}};
  answer.usage = {.seen = 100, .used = 60, .chunks = 2, .shortened = true};
  answer.tokenize = absl::Milliseconds(1);
  answer.queue = absl::Milliseconds(2);
  answer.compute = absl::Milliseconds(1500);
  return answer;
}

// Answers at once as `handler` says, or holds every document until the test answers it.
class FakePipeline : public pipeline::Pipeline {
 public:
  void Classify(pipeline::ClassifyTask task, Done done) override {
    Handler handler;
    {
      const std::lock_guard lock(mutex_);
      handler = handler_;
      if (handler == nullptr) held_.emplace_back(std::move(task), std::move(done));
      changed_.notify_all();
    }
    if (handler != nullptr) handler(std::move(task), std::move(done));
  }

  void Hold() { Handle(nullptr); }
  void Handle(Handler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
  }

  // Blocks: until `count` documents are held. Takes them.
  std::vector<std::pair<pipeline::ClassifyTask, Done>> Take(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
    return std::exchange(held_, {});
  }
  size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Handler handler_ = [](pipeline::ClassifyTask, Done done) { std::move(done).Answer(AnAnswer()); };
  std::vector<std::pair<pipeline::ClassifyTask, Done>> held_;
};

// Blocks: until the other thread's condition holds.
inline void Await(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace diffuser::services

#endif  // DIFFUSER_TESTS_SERVER_SERVICES_FAKE_PIPELINE_H_
