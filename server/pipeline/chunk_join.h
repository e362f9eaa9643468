#ifndef DIFFUSER_SERVER_PIPELINE_CHUNK_JOIN_H_
#define DIFFUSER_SERVER_PIPELINE_CHUNK_JOIN_H_

#include <vector>

#include "server/batching/completion.h"
#include "server/batching/request.h"

namespace diffuser::pipeline {

using ChunkCompletion = batching::Completion<batching::BatchedResult>;
using JoinedCompletion = batching::Completion<std::vector<batching::BatchedResult>>;

// `chunks` completions in place of one: `done` is answered once, with all their results in order as
// soon as the last is there, or with the first error as soon as it comes; on the thread that
// answers the chunk, without a lock. The completions may be answered from different threads.
// REQUIRES: chunks > 0.
std::vector<ChunkCompletion> JoinChunks(int chunks, JoinedCompletion done);

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_CHUNK_JOIN_H_
