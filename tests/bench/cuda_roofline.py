"""Predicts the time of the CUDA attention kernels from what they move and compute. Nothing here was measured on a
GPU: a prediction is the largest of several limits, each at a rate that is assumed (DEVICES) and with the work that
the kernels' layout and compiled code imply, at the base shape of the published code.

usage: cuda_roofline.py [TOKENS [DOCUMENTS]]
"""

import dataclasses
import math
import sys

# The base shape: heads, head size, hops, global nodes, tiles of a strip's band and of its columns (layout.h).
H, D, K, G, BAND_TILES, COLUMN_TILES = 12, 64, 5, 64, 3, 2
HIDDEN, INTERMEDIATE = 768, 3072
RANDOM = 60  # sources of a row in 4,096 tokens
# Of 16 rows the one with most random sources has so many standard deviations more than the mean, and groups have 8: this
# and the reads of shared memory that a step of 8 rows takes agree with random_groups_test.
MOST_OF_16, CONFLICTS = 1.77, 1.01
TILE_BYTES, GROUP_BYTES = 1024 + 64, 256
MAXIMA_BYTES = 64  # of a group, while scores are computed
# Instructions that a warp issues, counted in the code for sm_90; of hops by W.
HOP_TILE, HOP_GROUP = {8: 45, 16: 44, 24: 52, 32: 63}, {8: 95, 16: 120, 24: 162, 32: 181}
SCORE_TILE, SCORE_GROUP = 1000, 1250


@dataclasses.dataclass(frozen=True)
class Device:
    name: str
    sms: int
    clock: float  # Hz
    l2: float  # bytes a second, all SMs together
    memory: float  # bytes a second
    mma: float  # multiply-adds a clock and SM, mma.sync in 16 bits
    dense: float  # FLOP/s of large products in bfloat16
    l2_bytes: float
    shared: int  # bytes a block may have
    cluster: int  # blocks a cluster may have

    def split(self, tokens):
        """The slabs' widths and P, as DocumentClasses has them."""
        for most in (32, 24, 16, 8):
            slabs = math.ceil(D / most)
            width = math.ceil(D / slabs / 8) * 8
            fitting = self.shared // (2 * width)
            if tokens > fitting:
                continue
            most_parts = max(1, min(self.cluster, 128 // (H * slabs)))
            parts = next((p for p in (1, 2) if p < most_parts and tokens <= fitting * p // (most_parts + 1)), most_parts)
            return [min(width, math.ceil((D - width * slab) / 8) * 8) for slab in range(slabs)], parts
        raise ValueError(f"{tokens} tokens do not fit")


DEVICES = (
    Device("A100", 108, 1.41e9, 4.0e12, 1.9e12, 1024, 0.75 * 312e12, 40e6, 163 * 1024, 1),
    Device("H100", 132, 1.75e9, 5.5e12, 3.0e12, 2500, 0.65 * 989e12, 50e6, 227 * 1024, 8),
)
L1_BYTES = 64  # a clock and SM, from L2
SHARED_BYTES = 128  # a clock and SM


class Work:
    """What `documents` of `tokens` tokens take."""

    def __init__(self, tokens, documents):
        self.tokens, self.documents = tokens, documents
        self.strips = math.ceil(tokens / 16)
        self.globals = G * tokens // 4096
        self.columns = math.ceil(self.globals / 32)
        octave = 2 ** math.floor(math.log2(max(tokens - 1, 16)))
        sources = RANDOM * math.ceil(tokens / (octave / 4)) * (octave / 4) / 4096  # of a row, in its class
        self.groups = (sources + MOST_OF_16 * math.sqrt(sources) + 4) / 8  # a strip
        self.filled = RANDOM * tokens / 4096 / (8 * self.groups)
        self.row_tiles = math.ceil(self.globals / 16) * math.ceil(tokens / 32)
        self.tiles = self.strips * (BAND_TILES + self.columns) + self.row_tiles
        self.matrix_bytes = self.tiles * TILE_BYTES + self.strips * self.groups * GROUP_BYTES
        self.source_bytes = self.strips * self.groups * 256


def largest(limits):
    name = max(limits, key=limits.get)
    return limits[name], name


def issue(device, instructions, blocks):
    return instructions / (4 * device.clock * min(blocks, device.sms))


def scores(work, device):
    heads = H * work.documents
    keys = work.tiles * 32 * 2 * D + work.strips * work.groups * work.filled * 128 * 2 * D
    # Weights of groups are written, and read and written again when the rows' sums are known.
    again = work.strips * work.groups * 2 * (GROUP_BYTES + MAXIMA_BYTES)
    instructions = heads * (work.tiles * SCORE_TILE + work.strips * work.groups * SCORE_GROUP)
    return largest({
        "L2": heads * (keys + work.matrix_bytes + again + work.source_bytes) / device.l2,
        "instructions": issue(device, instructions, device.sms),
        "tensor cores": heads * work.tiles * 16 * 32 * D / (device.mma * device.clock * device.sms),
    })


def hops(work, device):
    widths, parts = device.split(work.tokens)
    heads = H * work.documents
    blocks = heads * len(widths) * parts
    used = min(blocks, device.sms)
    tiles, groups = work.tiles, work.strips * work.groups
    matrix = K * heads * len(widths) * (work.matrix_bytes + work.source_bytes)
    # A row's columns of a slab, in whole sectors: written once, read by every block of the cluster.
    rows = (K - 1) * heads * work.tokens * sum(math.ceil(w / 16) * 32 for w in widths) * (1 + parts)
    reads = mmas = instructions = 0
    for width in widths:
        pieces = width // 8
        reads += K * heads * (tiles * 4 * pieces + groups * 8 * 2 * pieces * CONFLICTS)  # of 128 bytes
        mmas += K * heads * (tiles * 2 + groups * 8) * pieces
        instructions += K * heads * (tiles * HOP_TILE[width] + groups * HOP_GROUP[width])
    return largest({
        "L2": (matrix + rows) / device.l2,
        "memory": (heads * work.matrix_bytes > device.l2_bytes) * K * heads * work.matrix_bytes / device.memory,
        "L2 to SM": (matrix + rows) / (L1_BYTES * device.clock * used),
        "shared memory": reads / (device.clock * used),
        "tensor cores": mmas * 2048 / (device.mma * device.clock * used),
        "instructions": issue(device, instructions, blocks),
    })


def first_tokens(work, device):
    heads = H * work.documents
    used = min(heads * min(device.cluster, math.ceil(work.tokens / 512)), device.sms)
    matrix = K * heads * (work.matrix_bytes + work.source_bytes)
    atomics = K * heads * (work.tiles * 32 + work.strips * work.groups * 128 * work.filled)
    return largest({
        "L2": matrix / device.l2,
        "L2 to SM": matrix / (L1_BYTES * device.clock * used),
        "atomics": atomics / 16 / (device.clock * used),  # half the banks of a read
    })


def rowwise(work, device, rows_read, width):
    moved = work.tokens * work.documents * width * 2 * rows_read
    return moved / device.memory, "memory"


def dense(work, device):
    weights = 4 * HIDDEN * HIDDEN + 2 * HIDDEN * INTERMEDIATE
    return 2 * weights * work.tokens * work.documents / device.dense, "tensor cores"


def main():
    tokens = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    documents = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    work = Work(tokens, documents)
    print(f"{documents} x {tokens} tokens; A of a head: {work.matrix_bytes / 1e6:.2f} MB")
    rows = (("scores", scores), ("hops", hops), ("first tokens", first_tokens),
            ("residual + LayerNorm", lambda w, d: rowwise(w, d, 3, HIDDEN)),
            ("embedding + LayerNorm", lambda w, d: rowwise(w, d, 3, HIDDEN)),
            ("bias + gelu", lambda w, d: rowwise(w, d, 2, INTERMEDIATE)),
            ("dense layers of a layer", dense))
    for name, predict in rows:
        for device in DEVICES:
            seconds, limit = predict(work, device)
            print(f"{name:24} {device.name}  {seconds * 1e6:8.1f} us predicted, limit: {limit}")


if __name__ == "__main__":
    main()
