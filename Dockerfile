# The server and the client in an image: docker build -t diffuser-serving .
# Targets: `cpu` (the default), and `cuda`, which has what it takes to compute on NVIDIA's GPUs. The image runs as a
# numeric user, needs no capability and no writable file system, and serves the default checkpoint unless
# /etc/diffuser/server.textproto or a flag names others.
ARG DEBIAN=debian:bookworm-slim

# First what changes rarely, so that editing a source file repeats none of it: packages and LibTorch, then the crate.
FROM ${DEBIAN} AS dependencies
WORKDIR /src
COPY cmake/dependencies cmake/dependencies
RUN cmake/dependencies/setup.sh build

FROM dependencies AS build
COPY model/tokenizer/crate model/tokenizer/crate
RUN cargo build --release --locked --quiet \
      --manifest-path model/tokenizer/crate/Cargo.toml --target-dir .deps/cargo-target
COPY . .
ARG JOBS
ARG REVISION=unknown
RUN cmake --preset release -DDIFFUSER_BUILD_TESTS=OFF -DDIFFUSER_REVISION="${REVISION}" --log-level=WARNING \
 && cmake --build build -j "${JOBS:-$(nproc)}" --target diffuser-server diffuser-client
# What the images take from here: libraries, and the rest as it lies in them. Stripping LibTorch of its symbol table
# saves 91 MB; the dynamic symbols stay.
RUN mkdir -p /out/lib /out/root/opt/diffuser/bin /out/root/opt/diffuser/models /out/root/etc/diffuser \
 && cp .deps/libtorch/lib/libtorch_cpu.so .deps/libtorch/lib/libc10.so .deps/libtorch/lib/libgomp*.so* \
       .deps/libtorch/lib/libcudart.so.* .deps/libtorch/lib/libcupti.so.* /out/lib/ \
 && cd /out/root/opt/diffuser \
 && cp /src/build/bin/diffuser-server /src/build/bin/diffuser-client bin/ \
 && strip --strip-unneeded bin/* /out/lib/libtorch_cpu.so /out/lib/libc10.so \
 && cp -rL "/src/$(sed -n 's/^DEFAULT_CHECKPOINT := //p' /src/Makefile)" models/default \
 && cp /src/LICENSE . \
 && cp /src/deploy/server.textproto /out/root/etc/diffuser/ \
 && chmod -R a+rX,go-w /out

FROM ${DEBIAN} AS runtime
# Exactly the packages whose libraries the programs name; apt adds what those need.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      libabsl20220623 \
      libgrpc++1.51 \
      libhwy1 \
      libprometheus-cpp-core1.0 \
      libprometheus-cpp-pull1.0 \
      libprotobuf32 \
      libspdlog1.10 \
      libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log /usr/share/doc /usr/share/locale
COPY --from=build /out/lib /opt/diffuser/lib
RUN echo /opt/diffuser/lib > /etc/ld.so.conf.d/diffuser.conf && ldconfig
ENV PATH=/opt/diffuser/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DIFFUSER_CONFIG=/etc/diffuser/server.textproto \
    OMP_WAIT_POLICY=PASSIVE
USER 65532:65532
WORKDIR /opt/diffuser
EXPOSE 8001 8002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["diffuser-client", "health", "--server", "127.0.0.1:8001"]
ENTRYPOINT ["diffuser-server"]
LABEL org.opencontainers.image.title="diffuser-serving" \
      org.opencontainers.image.description="Classifies long documents with Diffuser checkpoints over gRPC" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

# LibTorch's half for CUDA devices. Stripping it saves 79 MB, NCCL 49 MB; the others have nothing to strip.
FROM dependencies AS cuda-libraries
RUN ls .deps/libtorch/lib > /tmp/cpu \
 && cmake/dependencies/setup.sh cuda-runtime \
 && mkdir -p /out/lib && cd .deps/libtorch/lib \
 && ls | grep -vxF -f /tmp/cpu | xargs -I '{}' mv '{}' /out/lib/ \
 && strip --strip-unneeded /out/lib/libtorch_cuda.so /out/lib/libnccl.so.2 \
 && chmod -R a+rX,go-w /out

FROM dependencies AS cuda-kernels
RUN cmake/dependencies/setup.sh cuda
COPY . .
ARG JOBS
RUN cmake --preset release -DDIFFUSER_BUILD_TESTS=OFF --log-level=WARNING \
 && cmake --build build -j "${JOBS:-$(nproc)}" --target diffuser-cuda \
 && mkdir -p /out/lib && cp build/lib/libdiffuser_*.so /out/lib/ \
 && strip --strip-unneeded /out/lib/* \
 && chmod -R a+rX,go-w /out

# 2.1 GB lie below what changes with the source. The driver's own libraries come from the host, through NVIDIA's
# container runtime; without them, `--device=auto` serves on the CPU.
FROM runtime AS cuda
COPY --from=cuda-libraries /out/lib /opt/diffuser/lib
COPY --from=cuda-kernels /out/lib /opt/diffuser/lib
COPY --from=build /out/root /
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"

FROM runtime AS cpu
COPY --from=build /out/root /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
