//! Rebuilds the program when the embedded kit changes: `include_dir!` alone is not followed by cargo.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
