// Products with the attention matrix of one document and head in bfloat16, for Highway's AVX3
// target; included by cpu_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_HOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_HOPS_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_HOPS_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_HOPS_INL_H_
#endif

#include <algorithm>

#include "model/kernels/cpu_bfloat16-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

// Where the rows of a hop go: `dim` numbers each, every `stride`.
struct HopOutput {
  BFloat16* rows;
  ptrdiff_t stride;
  int dim;
};

// What all blocks of a hop share. h and v have rows of padded_dim.
struct PairHop {
  const BFloat16* h;
  const BFloat16* v;
  HopOutput next;
  uint32_t* pairs;         // scratch for interleaved rows of h: a block's sources, or a chunk
  uint32_t* global_pairs;  // [padded_globals / 2, padded_dim]: h of the global nodes, interleaved
  float* sums;             // scratch, [max(kBlockRows, G), padded_dim]
};

// The order in which InterleaveLower and -Upper leave a line's sums, undone: `lower` and `upper`
// become the sums of the line's first and second half.
HWY_INLINE void RestoreOrder(FloatVec& lower, FloatVec& upper) {
  alignas(64) static constexpr int32_t kFirst[kFloatLanes] = {0, 1, 2, 3, 16, 17, 18, 19,
                                                              4, 5, 6, 7, 20, 21, 22, 23};
  const __m512i first = _mm512_load_si512(kFirst);
  const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
  const __m512 low = lower.raw;
  lower.raw = _mm512_permutex2var_ps(low, first, upper.raw);
  upper.raw = _mm512_permutex2var_ps(low, second, upper.raw);
}

// Adds weights.first * first + weights.second * second to `sums`, kLines lines of kHalfLanes, in
// the order that RestoreOrder undoes.
template <int kLines>
HWY_INLINE void AddRowPair(uint32_t weights, const BFloat16* first, const BFloat16* second,
                           FloatVec* sums) {
  const Halves d;
  const Pairs pairs;
  const PairVec factors = hn::Set(pairs, weights);
  for (int n = 0; n < kLines; ++n) {
    const HalfVec a = hn::Load(d, first + n * kHalfLanes);
    const HalfVec b = hn::Load(d, second + n * kHalfLanes);
    sums[2 * n] = AddDot(factors, hn::BitCast(pairs, hn::InterleaveLower(d, a, b)), sums[2 * n]);
    sums[2 * n + 1] =
        AddDot(factors, hn::BitCast(pairs, hn::InterleaveUpper(d, a, b)), sums[2 * n + 1]);
  }
}

struct RandomPairs {
  const uint16_t* sources;
  const BFloat16* weights;
  int count;
};

// The random part of a row: kLines lines of h, of rows of `width`, from its first on. Every other
// pair has sums of its own, so that one's addition need not wait for the other's.
template <int kLines>
HWY_INLINE void SumRandom(const RandomPairs& random, const BFloat16* h, int width,
                          FloatVec (&sums)[2 * kLines]) {
  FloatVec others[2 * kLines];
  for (int n = 0; n < 2 * kLines; ++n) sums[n] = others[n] = hn::Zero(Floats());
  const auto row = [&](int e) { return h + static_cast<size_t>(random.sources[e]) * width; };
  int e = 0;
  for (; e + 4 <= random.count; e += 4) {
    AddRowPair<kLines>(LoadPair(random.weights + e), row(e), row(e + 1), sums);
    AddRowPair<kLines>(LoadPair(random.weights + e + 2), row(e + 2), row(e + 3), others);
  }
  for (; e + 2 <= random.count; e += 2) {
    AddRowPair<kLines>(LoadPair(random.weights + e), row(e), row(e + 1), sums);
  }
  if (e < random.count) AddRowPair<kLines>(random.weights[e], row(e), row(e), others);
  for (int n = 0; n < 2 * kLines; ++n) sums[n] = hn::Add(sums[n], others[n]);
  for (int n = 0; n < kLines; ++n) RestoreOrder(sums[2 * n], sums[2 * n + 1]);
}

// One line of next = keep * sums + alpha * v.
HWY_INLINE void StoreLine(float keep, FloatVec low, FloatVec high, float alpha, const BFloat16* v,
                          BFloat16* to, int count) {
  const Floats d;
  const Halves halves;
  const FloatVec factor = hn::Set(d, keep);
  const FloatVec rest = hn::Set(d, alpha);
  low = hn::MulAdd(factor, low, hn::Mul(rest, LoadWide(v)));
  high = hn::MulAdd(factor, high, hn::Mul(rest, LoadWide(v + kFloatLanes)));
  const HalfVec rounded = Narrow(low, high);
  if (count >= kHalfLanes) {
    hn::StoreU(rounded, halves, to);
  } else if (count > 0) {
    hn::BlendedStore(rounded, hn::FirstN(halves, count), halves, to);
  }
}

template <int kLines>
HWY_INLINE void FinishLines(const BFloat16Attention& a, const PairHop& hop, int row, int x,
                            const float* sums) {
  const Floats d;
  const int32_t begin = a.random_offsets[row];
  FloatVec random[2 * kLines];
  SumRandom<kLines>({a.task.graph.random_sources(row).data(), a.random + begin,
                     a.random_offsets[row + 1] - begin},
                    hop.h + x, a.padded_dim, random);
  const float keep = (1.0f - a.task.alpha) * a.inverse[row];
  BFloat16* to = hop.next.rows + row * hop.next.stride;
  const BFloat16* v = hop.v + static_cast<size_t>(row) * a.padded_dim;
  for (int n = 0; n < kLines; ++n, x += kHalfLanes) {
    const FloatVec low = hn::Add(random[2 * n], hn::Load(d, sums + x));
    const FloatVec high = hn::Add(random[2 * n + 1], hn::Load(d, sums + x + kFloatLanes));
    StoreLine(keep, low, high, a.task.alpha, v + x, to + x, hop.next.dim - x);
  }
}

HWY_INLINE PairProduct SumProduct(const BFloat16Attention& a, int rows, const uint32_t* b,
                                  float* sums) {
  return {.rows = rows,
          .vecs = a.padded_dim / kFloatLanes,
          .b = b,
          .b_stride = a.padded_dim,
          .b_vec_stride = kFloatLanes,
          .c = sums,
          .c_stride = a.padded_dim};
}

// next = (1 - alpha) A h + alpha v for the rows of one block that are not global.
HWY_NOINLINE inline void HopPairBlock(const BFloat16Attention& a, const RowBlock& block,
                                      const PairHop& hop) {
  const size_t begin = block.begin;
  const int rows = block.end - block.begin;
  const int sources = RoundUp(block.source_end - block.source_base, 2);
  InterleaveRows(hop.h + static_cast<size_t>(block.source_base) * a.padded_dim, sources,
                 a.padded_dim, hop.pairs);
  PairProduct product = SumProduct(a, rows, hop.pairs, hop.sums);
  product.depth = sources / 2;
  product.a = AsPairs(a.band + begin * a.band_width);
  product.a_stride = a.band_width / 2;
  product.depth2 = static_cast<int>(a.globals.size() + 1) / 2;
  product.a2 = AsPairs(a.columns + begin * a.padded_globals);
  product.a2_stride = a.padded_globals / 2;
  product.b2 = hop.global_pairs;
  model::PartTimer timer;
  MultiplyAll(product);
  timer.Count(model::Part::kDenseHops);
  for (int m = 0; m < rows; ++m) {
    const float* sums = hop.sums + m * a.padded_dim;
    int x = 0;
    for (; x + 2 * kHalfLanes <= a.padded_dim; x += 2 * kHalfLanes) {
      FinishLines<2>(a, hop, block.begin + m, x, sums);
    }
    if (x < a.padded_dim) FinishLines<1>(a, hop, block.begin + m, x, sums);
  }
  timer.Count(model::Part::kRandomHops);
}

// The same for the rows of the global nodes.
HWY_NOINLINE inline void HopGlobalPairRows(const BFloat16Attention& a, const PairHop& hop) {
  const Floats d;
  const int globals = static_cast<int>(a.globals.size());
  for (int first = 0; first < a.task.length; first += kChunk) {
    InterleaveRows(hop.h + static_cast<size_t>(first) * a.padded_dim, kChunk, a.padded_dim,
                   hop.pairs);
    PairProduct rows = SumProduct(a, globals, hop.pairs, hop.sums);
    rows.depth = kChunk / 2;
    rows.a = AsPairs(a.rows + static_cast<size_t>(first) * globals);
    rows.a_stride = kChunk / 2;
    rows.accumulate = first > 0;
    MultiplyAll(rows);
  }
  for (int g = 0; g < globals; ++g) {
    const int row = a.globals[g];
    const float keep = (1.0f - a.task.alpha) * a.global_inverse[g];
    const float* sums = hop.sums + g * a.padded_dim;
    BFloat16* to = hop.next.rows + row * hop.next.stride;
    const BFloat16* v = hop.v + static_cast<size_t>(row) * a.padded_dim;
    for (int x = 0; x < a.padded_dim; x += kHalfLanes) {
      StoreLine(keep, hn::Load(d, sums + x), hn::Load(d, sums + x + kFloatLanes), a.task.alpha,
                v + x, to + x, hop.next.dim - x);
    }
  }
}

// next = (1 - alpha) A h + alpha v. `global_rows` is scratch, [padded_globals, padded_dim].
HWY_INLINE void HopInPairs(const BFloat16Attention& a, const PairHop& hop, BFloat16* global_rows) {
  GatherGlobals(a, hop.h, global_rows);
  InterleaveRows(global_rows, a.padded_globals, a.padded_dim, hop.global_pairs);
  for (const RowBlock& block : a.blocks) HopPairBlock(a, block, hop);
  model::PartTimer timer;
  HopGlobalPairRows(a, hop);
  timer.Count(model::Part::kGlobalHops);
}

// All hops; h_K goes to `out`, rows of D numbers every `out_stride`.
HWY_INLINE void RunPairHops(const BFloat16Attention& a, Workspace& w, BFloat16* out,
                            int64_t out_stride) {
  const HeadTask& task = a.task;
  const size_t length = static_cast<size_t>(a.chunks()) * kChunk;
  const size_t used = static_cast<size_t>(task.length) * a.padded_dim;
  const size_t widest = std::max(a.band_width, kChunk);
  const size_t summed = std::max(a.globals.size(), size_t{kBlockRows});
  BFloat16* global_rows = w.global_rows.Reserve<BFloat16>(0);
  PairHop hop = {
      .v = w.v.Reserve<BFloat16>(0),
      .pairs = w.pairs.Reserve<uint32_t>(widest / 2 * a.padded_dim),
      .global_pairs = w.global_pairs.Reserve<uint32_t>(a.padded_globals / 2 * a.padded_dim),
      .sums = w.sums.Reserve(summed * a.padded_dim)};
  hop.h = hop.v;
  for (int k = 1; k <= task.hops; ++k) {
    if (k == task.hops) {
      hop.next = {out, out_stride, task.dim};
    } else {
      BFloat16* next = w.turns[k % 2].Reserve<BFloat16>(length * a.padded_dim);
      std::fill(next + used, next + length * a.padded_dim, BFloat16{0});
      hop.next = {next, a.padded_dim, a.padded_dim};
    }
    HopInPairs(a, hop, global_rows);
    hop.h = hop.next.rows;
  }
}

#endif  // HWY_TARGET == HWY_AVX3

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_HOPS_INL_H_
