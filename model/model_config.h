#ifndef DIFFUSER_MODEL_MODEL_CONFIG_H_
#define DIFFUSER_MODEL_MODEL_CONFIG_H_

#include <algorithm>
#include <string>
#include <vector>

namespace diffuser::model {

// Number of nodes the attention graph is built for, whatever the document's length: the published
// code trains and serves every checkpoint on the same 4,096-node graph.
inline constexpr int kGraphNodes = 4096;

// The activation between the two linear layers of a feed-forward block.
enum class HiddenAct { kGelu /* erf form */, kGeluTanh /* "gelu_new" */, kRelu };

// What stands on top of the encoder.
enum class HeadKind { kClassification, kMaskedLm };

// How the logits of a classification head become scores.
enum class ProblemType {
  kSingleLabel /* softmax */,
  kMultiLabel /* sigmoid */,
  kRegression /* as is */
};

// The shape and semantics of one checkpoint, as its config.json gives them. A value type; whoever
// holds one made by checkpoint::ReadConfig may rely on every bound named below.
struct ModelConfig {
  int vocab_size = 0;               // > 0
  int hidden_size = 0;              // > 0, a multiple of num_heads
  int num_layers = 0;               // > 0
  int num_heads = 0;                // > 0
  int intermediate_size = 0;        // > 0
  int max_position_embeddings = 0;  // > pad_token_id + 1
  int type_vocab_size = 1;          // > 0
  float layer_norm_eps = 1e-5f;     // > 0
  HiddenAct hidden_act = HiddenAct::kGelu;

  int pad_token_id = 1;  // in [0, vocab_size); refused inside a document
  int bos_token_id = 0;  // in [0, vocab_size)
  int eos_token_id = 2;  // in [0, vocab_size)

  // The attention graph (design: window = max over the layers' attention_window).
  int attention_window = 0;  // even, >= 2
  int num_rand = 0;          // >= 0; random edges per node
  int num_glob = 0;          // >= 0, < kGraphNodes - attention_window

  // The diffusion: hops times h <- (1 - alpha) A h + alpha v.
  int diffusion_hops = 5;        // >= 1
  float diffusion_alpha = 0.1f;  // in (0, 1)

  HeadKind head = HeadKind::kClassification;
  ProblemType problem_type = ProblemType::kSingleLabel;
  std::vector<std::string> labels;  // by logit index; "LABEL_<i>" where the config names none
  // By logit index, each in [0, 1]: a label of a multi-label model holds from this score on.
  // config.json's "label_thresholds" (a list, or an object by label name); 0.5 where it has none.
  std::vector<float> label_thresholds;

  int head_dim() const { return hidden_size / num_heads; }
  // The longest document in tokens, special tokens included.
  int max_tokens() const {
    return std::min(kGraphNodes, max_position_embeddings - pad_token_id - 1);
  }
};

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_MODEL_CONFIG_H_
