#ifndef DIFFUSER_MODEL_TRAINING_LOCAL_HEADS_H_
#define DIFFUSER_MODEL_TRAINING_LOCAL_HEADS_H_

#include <vector>

#include "model/training/trainable_model.h"

namespace diffuser::training {

// The offsets, in tokens, at which the first layer's heads begin to read, one a head that does:
// -1 is the token before. Half a token is a token and its neighbour in equal parts, which hops keep
// near, where they take a whole offset twice as far. A quarter of the heads, and one at least, has
// none.
std::vector<double> LocalHeadOffsets(int heads);

// A start for models that learn from little data with no pretrained weights. With random position
// embeddings a head cannot tell the token before from any other until training has made those of
// neighbours alike, and the encoder sees bags of words for long. Here positions are sinusoids
// (Vaswani et al. 2017, section 3.5), in a third of the embeddings' dimensions that words are kept
// small in; a rotation moves them by any offset, and queries and keys of the first layer's local
// heads are such rotations: they read the neighbours at LocalHeadOffsets from the first step on.
// All of it is trained on like any other weight.
//
// Embeddings of words get a deviation of 1, which the LayerNorm behind them does not see: they turn
// slower than they would from `deviation`. The rest of the parameters stays as it is.
// REQUIRES: `parameters` as constructed with `deviation`.
void StartWithLocalHeads(const TrainableParameters& parameters, double deviation);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_LOCAL_HEADS_H_
