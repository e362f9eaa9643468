# The server and the client in an image: docker build -t diffuser-serving .
# Targets: `cpu` (the default) and `cuda` (see there). The image runs as a numeric user, needs no capability and no
# writable file system, and serves the default checkpoint unless /etc/diffuser/server.textproto or a flag names others.
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
WORKDIR /src
# First what changes rarely, so that editing a source file repeats none of it: packages and LibTorch, then the crate.
COPY cmake/dependencies cmake/dependencies
RUN cmake/dependencies/setup.sh build
COPY model/tokenizer/crate model/tokenizer/crate
RUN cargo build --release --locked --quiet \
      --manifest-path model/tokenizer/crate/Cargo.toml --target-dir .deps/cargo-target
COPY . .
ARG JOBS
ARG REVISION=unknown
RUN cmake --preset release -DDIFFUSER_BUILD_TESTS=OFF -DDIFFUSER_REVISION="${REVISION}" --log-level=WARNING \
 && cmake --build build -j "${JOBS:-$(nproc)}" --target diffuser-server diffuser-client
# What the images take from here. Stripping LibTorch of its symbol table saves 91 MB; the dynamic symbols stay.
RUN mkdir -p /out/bin /out/lib /out/models \
 && cp build/bin/diffuser-server build/bin/diffuser-client /out/bin/ \
 && cp .deps/libtorch/lib/libtorch_cpu.so .deps/libtorch/lib/libc10.so .deps/libtorch/lib/libgomp*.so* \
       .deps/libtorch/lib/libcudart.so.* .deps/libtorch/lib/libcupti.so.* /out/lib/ \
 && strip --strip-unneeded /out/bin/* /out/lib/libtorch_cpu.so /out/lib/libc10.so \
 && cp -rL "$(sed -n 's/^DEFAULT_CHECKPOINT := //p' Makefile)" /out/models/default \
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
COPY --from=build /out/bin /opt/diffuser/bin
COPY --from=build /out/models /opt/diffuser/models
COPY deploy/server.textproto /etc/diffuser/server.textproto
COPY LICENSE /opt/diffuser/LICENSE
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
ARG REVISION=unknown
LABEL org.opencontainers.image.title="diffuser-serving" \
      org.opencontainers.image.description="Classifies long documents with Diffuser checkpoints over gRPC" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

# The same image with the place where CUDA libraries are added: those in the folder CUDA_LIBRARIES of the build
# context, which holds none as it comes (deploy/cuda/README.md says which). The driver's own libraries come from the
# host, through NVIDIA's container runtime. Without them, and until the server has CUDA kernels, it serves on the CPU.
FROM runtime AS cuda
ARG CUDA_LIBRARIES=deploy/cuda
COPY ${CUDA_LIBRARIES} /opt/diffuser/lib/cuda
USER 0:0
RUN echo /opt/diffuser/lib/cuda >> /etc/ld.so.conf.d/diffuser.conf && ldconfig
USER 65532:65532
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM runtime AS cpu
