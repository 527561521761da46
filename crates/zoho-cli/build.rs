//! Links `src/closed_stdout.c` into the `zoho` command. As an object file, because a linker leaves out the members of a
//! library that nothing refers to.

#![expect(clippy::disallowed_methods, reason = "Cargo passes the target in the environment")]

fn main() {
    println!("cargo::rerun-if-changed=src/closed_stdout.c");
    if std::env::var_os("CARGO_CFG_UNIX").is_some() {
        for object in cc::Build::new().file("src/closed_stdout.c").compile_intermediates() {
            println!("cargo::rustc-link-arg-bins={}", object.display());
        }
    }
}
