#ifndef DIFFUSER_TESTS_TESTING_FAKE_FACTORIES_H_
#define DIFFUSER_TESTS_TESTING_FAKE_FACTORIES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/models/model_loader.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_tokenizer.h"
#include "tests/testing/recording_observer.h"

namespace diffuser::testing {

// Factories that give this classifier and observer for every checkpoint and device, with a
// tokenizer whose vocabulary is `tokenizer_vocab` (0: NOT_FOUND). The only device is the CPU.
inline models::ModelFactories FakeFactories(std::shared_ptr<const FakeClassifier> classifier,
                                            std::shared_ptr<RecordingObserver> observer,
                                            int tokenizer_vocab = 1000) {
  models::ModelFactories factories;
  factories.find_devices = [] { return std::vector<std::string>{"cpu"}; };
  factories.load_classifier = [classifier](const models::ModelSpec&, const std::string&)
      -> absl::StatusOr<std::shared_ptr<const model::Classifier>> { return classifier; };
  factories.load_tokenizer =
      [tokenizer_vocab](
          const std::string&) -> absl::StatusOr<std::unique_ptr<const tokenizer::Tokenizer>> {
    if (tokenizer_vocab == 0) return absl::NotFoundError("no tokenizer");
    return std::make_unique<const FakeTokenizer>(tokenizer_vocab);
  };
  factories.make_observer = [observer](const models::ModelSpec&) { return observer; };
  return factories;
}

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_FAKE_FACTORIES_H_
