# The conformance suite's probe of launcher_context.R: see ../README.md.

source("launcher_context.R")

as_hex <- function(value) {
  bytes <- if (is.raw(value)) value else charToRaw(enc2utf8(paste(value, collapse = "\n")))
  paste(as.character(bytes), collapse = "")
}

as_json <- function(value) {
  paste("json", as_hex(jsonlite::toJSON(value, auto_unbox = TRUE, null = "null", digits = NA)))
}

as_secret <- function(value) {
  if (is.null(value)) "none" else paste(if (is.raw(value)) "bytes" else "text", as_hex(value))
}

answer <- function(verb, name) {
  if (verb == "context") {
    file.rename(name, file.path(dirname(name), "context.json"))
    assign("context", NULL, environment(get_context))
    return("none")
  }
  context <- get_context()
  missing <- new.env()
  switch(verb,
    secret = as_secret(context$get_secret(name)),
    default = as_secret(context$get_secret(name, "the default")),
    param = {
      value <- context$get_param(name, missing)
      if (is.environment(value)) "none" else as_json(value)
    },
    parameters = as_json(context$parameters()),
    metadata = as_json(context$metadata()),
    child = paste("text", as_hex(suppressWarnings(system("cat /dev/stdin", intern = TRUE)))),
    paste("text", as_hex(capture.output({ print(context); str(context); dput(context); print(unclass(context)); cat(format(context)) })))
  )
}

for (line in readLines(commandArgs(TRUE)[1], encoding = "UTF-8")) {
  verb <- sub(" .*", "", line)
  name <- if (grepl(" ", line)) sub("^[^ ]* ", "", line) else ""
  cat(tryCatch(answer(verb, name), error = function(e) paste("error", as_hex(conditionMessage(e)))), "\n", sep = "")
}
