#ifndef DIFFUSER_MODEL_TRAINING_DATA_DATA_DESCRIPTION_H_
#define DIFFUSER_MODEL_TRAINING_DATA_DATA_DESCRIPTION_H_

#include <string>

namespace diffuser::training {

// A data set in words, for the terminal and the model card.
struct DataDescription {
  std::string path;            // as given
  std::string counts;          // "5000 documents, 1234567 tokens, longest 4096"
  std::string long_documents;  // what became of those over the limit; "" where there were none
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_DATA_DESCRIPTION_H_
