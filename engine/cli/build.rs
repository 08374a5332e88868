//! Builds the program anew when a built-in file is added or removed; changes of those that are
//! there are seen without this.

fn main() {
    for folder in ["connectors", "schemas", "scripts"] {
        println!("cargo::rerun-if-changed=../../{folder}");
    }
}
