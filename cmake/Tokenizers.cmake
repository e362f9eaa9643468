# diffuser_crate: the `tokenizers` crate behind the C interface of model/tokenizer/crate, as a static
# library. All build folders share one cargo target folder: cargo's own lock keeps them apart there,
# and the second one finds the work done. Cargo runs again only when a file of the crate changes.
find_program(CARGO cargo PATHS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT CARGO)
  message(FATAL_ERROR
    "No cargo in PATH or ~/.cargo/bin: run `make setup`, or install Rust 1.85 or later "
    "(on Debian 12: apt-get install cargo-web), or name yours with -DCARGO=FILE.")
endif()

set(crate_dir "${PROJECT_SOURCE_DIR}/model/tokenizer/crate")
set(crate_files Cargo.toml Cargo.lock src/engine.rs src/error.rs src/lib.rs src/load.rs
    src/pieces.rs src/train.rs)
set(crate_target "${DIFFUSER_DEPS}/cargo-target")
set(crate_library "${crate_target}/release/libdiffuser_tokenizer.a")
list(TRANSFORM crate_files PREPEND "${crate_dir}/")
add_custom_command(
  OUTPUT "${crate_library}"
  COMMAND "${CARGO}" build --release --locked --quiet --manifest-path "${crate_dir}/Cargo.toml"
          --target-dir "${crate_target}"
  DEPENDS ${crate_files}
  COMMENT "cargo build diffuser_tokenizer"
  USES_TERMINAL VERBATIM)
add_custom_target(diffuser_crate_build DEPENDS "${crate_library}")
add_library(diffuser_crate INTERFACE)
add_dependencies(diffuser_crate diffuser_crate_build)
target_link_libraries(diffuser_crate INTERFACE "${crate_library}" Threads::Threads ${CMAKE_DL_LIBS} m)
