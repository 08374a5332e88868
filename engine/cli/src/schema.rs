//! `dovetail schema`: the JSON Schemas of the files, for editors.

use crate::args::SchemaArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// What follows a kind of file in the name of its schema's file.
const SUFFIX: &str = ".schema.json";

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Error> {
    let schemas = definition::schemas();
    let kind = |file: &'static str| file.strip_suffix(SUFFIX).unwrap_or(file);
    let kinds: Vec<&str> = schemas.iter().map(|(file, _)| kind(file)).collect();
    let Some(name) = &args.name else {
        output::print(&kinds.join("\n"))?;
        return Ok(Exit::Ok);
    };
    let wanted = name.strip_suffix(SUFFIX).unwrap_or(name);
    let found = schemas.iter().find(|(file, _)| kind(file) == wanted);
    let Some((_, schema)) = found else {
        return Err(Error::BadSetting {
            setting: "schema".to_owned(),
            wrong: format!("there is no kind of file `{name}`"),
            remedy: format!("there are: {}", kinds.join(", ")),
        });
    };
    output::print(&format!("{schema:#}"))?;
    Ok(Exit::Ok)
}
