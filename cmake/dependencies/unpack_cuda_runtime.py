"""Adds what LibTorch opens for CUDA devices to a folder with LibTorch, from the wheels in another.

usage: unpack_cuda_runtime.py WHEELS LIBTORCH

Taken are libtorch_cuda.so and all that it is linked with, which is what dense layers need. Left out are libraries of
the same wheels that these open by name for work that is never asked of them: cuDNN's engines (convolutions), NVSHMEM's
transports (several machines).
"""

import wheels

WANTED = (
    "torch/lib/libc10_cuda.so",
    "torch/lib/libtorch_cuda.so",
    "torch/lib/libtorch_nvshmem.so",
    "nvidia/cu13/lib/libcublas.so.13",
    "nvidia/cu13/lib/libcublasLt.so.13",
    "nvidia/cu13/lib/libcufft.so.12",
    "nvidia/cu13/lib/libcufile.so.0",
    "nvidia/cu13/lib/libcusparse.so.12",
    "nvidia/cu13/lib/libnvrtc.so.13",
    # Opened by libnvrtc, with which cuBLAS compiles some kernels when they are first called.
    "nvidia/cu13/lib/libnvrtc-builtins.so.13.2",
    "nvidia/cudnn/lib/libcudnn.so.9",
    "nvidia/cusparselt/lib/libcusparseLt.so.0",
    "nvidia/nccl/lib/libnccl.so.2",
    "nvidia/nvshmem/lib/libnvshmem_host.so.3",
)


def place(name: str) -> str | None:
    return "lib/" + name.rpartition("/")[2] if name in WANTED else None


def main() -> None:
    if missing := set(WANTED) - wheels.unpack(*wheels.folders(), place):
        raise SystemExit(f"in none of the wheels: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
