# The context of a handler: the secrets and parameters of its task. Version 0.1.0.
# From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
#
# A program that "launcher run" started asks for it:
#
#   source("launcher_context.R")
#
#   context <- get_context()
#   password <- context$get_secret("DB_PASSWORD")
#   db_name <- context$get_param("db_name", "test")
#
# The variable LAUNCHER_CONTEXT says where the context is: on standard input
# (stdin), on a descriptor (fd:N), in the environment (env), in a folder
# (files:DIR) or behind a socket (unix:PATH). R has no sockets of that kind: there
# the launcher is asked, whose path is in LAUNCHER_BIN.
#
# One file for R 3.6 and later, with the package jsonlite.

#' The context of this process
#'
#' The same one at every call; the first reads it, and stops with why it cannot.
#' No message holds a value.
#'
#' @return A list of class `launcher_context`:
#' * `get_secret(key, default = NULL)`: the secret of exactly that key; else of the
#'   one key that is equal when ASCII letter case is ignored and "-" and "." count
#'   as "_" (where two would fit, neither does); else this process's variable of
#'   exactly that name; else the default. An empty value is a value. A value that
#'   is UTF-8 is a string; any other, and one with a NUL, which no string of R
#'   holds, is a raw vector. Behind a socket each call asks, and stops where nobody
#'   answers.
#' * `get_param(name, default = NULL)`: the value of a parameter, or the default
#'   where the task has none.
#' * `parameters()`: all of them, a named list.
#' * `metadata()`: which run of which task this is, a named list: name, uid,
#'   project, iteration, labels, annotations.
#' * `spec()`: the task's spec without its secret sources, a named list; behind a
#'   socket its parameters alone.
get_context <- local(envir = new.env(parent = baseenv()), { # deaf to names of the handler's, such as c
  context <- NULL

  get_context <- function() {
    if (is.null(context)) {
      context <<- open_context(Sys.getenv("LAUNCHER_CONTEXT"))
    }
    context
  }

  open_context <- function(where) {
    kind <- sub(":.*", "", where)
    rest <- sub("^[^:]*:", "", where)
    if (kind == "unix") {
      metadata <- parse(ask("get-metadata")$value)
      spec <- list(parameters = parse(ask("get-param")$value))
      find <- function(key) ask("get-secret", key)$value
    } else {
      document <- read_document(where, kind, rest)
      version <- document[["version"]]
      if (!identical(version, 1L)) {
        fail("the context has an unsupported version", if (is.integer(version)) paste0(" (", version, ")"), ": launcher_context.R reads version 1")
      }
      metadata <- object(document, "metadata")
      spec <- object(document, "spec")
      spec$parameters <- object(spec, "parameters")
      secrets <- read_secrets(document, kind, rest)
      find <- function(key) match_key(secrets, key)
    }
    structure(list(
      get_secret = function(key, default = NULL) {
        value <- find(key)
        if (is.null(value)) value <- variable(key)
        if (is.null(value)) default else as_text(value)
      },
      get_param = function(name, default = NULL) {
        if (name %in% names(spec$parameters)) spec$parameters[[name]] else default
      },
      parameters = function() spec$parameters,
      metadata = function() metadata,
      spec = function() spec
    ), class = "launcher_context")
  }

  fail <- function(...) stop(..., call. = FALSE)

  read_document <- function(where, kind, rest) {
    if (where == "") {
      fail("LAUNCHER_CONTEXT is not set: start this program with \"launcher run\"")
    } else if (where == "stdin") {
      bytes <- read_all(file("stdin", "rb"))
      if (length(bytes) == 0) {
        fail("standard input holds no context: it was already read, by this process or another; ", workers)
      }
    } else if (where == "env") {
      bytes <- variable("LAUNCHER_CONTEXT_JSON")
      if (is.null(bytes)) fail("LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set")
    } else if (grepl("^fd:[0-9]+$", where)) {
      bytes <- read_file(file.path("/proc/self/fd", rest), "; ", workers)
      if (!any(bytes[1] == charToRaw("{"))) fail("descriptor ", rest, " holds no context; ", workers) # R's own file
    } else if (kind == "files") {
      bytes <- read_file(file.path(rest, "context.json"))
    } else {
      fail("unsupported delivery \"", kind, "\" in LAUNCHER_CONTEXT")
    }
    parse(bytes)
  }

  workers <- "for worker processes use --deliver files or socket"

  read_file <- function(path, ...) {
    bytes <- tryCatch(read_all(file(as_it_is(path), "rb", raw = TRUE)), error = function(e) NULL, warning = function(w) NULL)
    if (is.null(bytes)) fail(path, " cannot be read", ...)
    bytes
  }

  # A name in UTF-8, which R would translate to the locale, often none.
  as_it_is <- function(name) {
    name <- enc2utf8(name)
    Encoding(name) <- "unknown"
    name
  }

  # Closes the connection; its result is the bytes, with the status of a pipe.
  read_all <- function(connection) {
    chunks <- list()
    status <- NULL
    tryCatch(
      while (length(chunk <- readBin(connection, "raw", 1048576L)) > 0) chunks[[length(chunks) + 1L]] <- chunk,
      finally = status <- close(connection)
    )
    structure(do.call(c, c(list(raw()), chunks)), status = status)
  }

  # jsonlite's own messages quote the text. A \u0000, which no string of R holds,
  # is U+FFFF here, which no text has: it stands for no character.
  parse <- function(bytes) {
    # Not JSON: a NUL, which no string of R holds, and a byte order mark.
    if (any(bytes == 0) || identical(bytes[1], as.raw(0xEF))) bytes <- raw()
    text <- rawToChar(bytes)
    Encoding(text) <- "UTF-8"
    if (is_strange(text)) fail("the context holds half a surrogate pair, or U+FFFF, which launcher_context.R does not read")
    text <- gsub("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000", "\\1\\\\uFFFF", text, perl = TRUE)
    document <- tryCatch(jsonlite::parse_json(text), error = function(e) NULL)
    if (!is.list(document) || is.null(names(document))) {
      fail("the context is not a JSON object in UTF-8")
    }
    last(document)
  }

  # Of these jsonlite makes "?", and to_bytes a NUL.
  is_strange <- function(text) {
    text <- gsub("\\\\", "", text, fixed = TRUE)
    text <- gsub("\\\\u[dD][89abAB]..\\\\u[dD][c-fC-F]..", "", text, useBytes = TRUE)
    grepl("\\\\u([dD][89a-fA-F]|[fF]{4})|\xEF\xBF\xBF", text, useBytes = TRUE)
  }

  # Of members with one name the last counts, as in every other language.
  last <- function(object) object[!duplicated(names(object), fromLast = TRUE)]

  object <- function(document, name) {
    object <- document[[name]]
    if (is.null(object)) return(structure(list(), names = character()))
    if (!is.list(object) || is.null(names(object))) {
      fail("the context's \"", name, "\" is not a JSON object")
    }
    last(object)
  }

  # Every secret in bytes, wherever the delivery has put it: only env has them in
  # variables, and only files in the folder.
  read_secrets <- function(document, kind, folder) {
    readers <- list(
      secrets = to_bytes,
      secrets_base64 = function(text) {
        bytes <- tryCatch(jsonlite::base64_dec(text), error = function(e) NULL)
        # It skips what is not base64, and encodes in lines.
        if (!is.null(bytes) && gsub("\n", "", jsonlite::base64_enc(bytes), fixed = TRUE) == text) bytes
      },
      secrets_env = function(name) if (kind == "env") variable(name),
      secrets_files = function(name) if (kind == "files" && inside(name)) read_regular(file.path(folder, name))
    )
    secrets <- list()
    found <- character()
    for (place in names(readers)) {
      texts <- object(document, place)
      for (key in names(texts)) {
        value <- if (is.character(texts[[key]])) readers[[place]](texts[[key]])
        if (is.null(value)) fail("the context's ", place, " has no value for \"", key, "\"")
        if (key %in% found) fail("duplicate secret \"", key, "\" in the context")
        found <- c(found, key)
        secrets[[length(secrets) + 1L]] <- list(key = key, value = value)
      }
    }
    secrets
  }

  inside <- function(name) !grepl("/", name, fixed = TRUE) && !(name %in% c("", ".", ".."))

  # A link could lead out of the folder: only of a link Sys.readlink has a text.
  read_regular <- function(path) {
    link <- Sys.readlink(as_it_is(path))
    if (!is.na(link) && nzchar(link)) fail(path, " is not a regular file")
    read_file(path)
  }

  to_bytes <- function(text) {
    bytes <- charToRaw(enc2utf8(text))
    at <- which(bytes == 0xEF) # U+FFFF is EF BF BF
    at <- at[bytes[at + 1L] == 0xBF & bytes[at + 2L] == 0xBF]
    if (length(at) > 0) {
      bytes[at] <- as.raw(0)
      bytes <- bytes[-c(at + 1L, at + 2L)]
    }
    bytes
  }

  variable <- function(name) {
    value <- Sys.getenv(as_it_is(name), NA_character_)
    if (is.na(value)) NULL else charToRaw(value)
  }

  as_text <- function(bytes) {
    if (any(bytes == 0)) return(as.raw(bytes))
    text <- rawToChar(bytes)
    Encoding(text) <- "UTF-8"
    if (validUTF8(text)) text else as.raw(bytes)
  }

  match_key <- function(secrets, key) {
    key <- enc2utf8(key)
    keys <- vapply(secrets, function(secret) secret$key, "")
    at <- which(keys == key)
    if (length(at) == 0) at <- which(fold(keys) == fold(key))
    if (length(at) == 1) secrets[[at]]$value
  }

  fold <- function(key) {
    chartr("ABCDEFGHIJKLMNOPQRSTUVWXYZ.-", "abcdefghijklmnopqrstuvwxyz__", key)
  }

  # What the launcher prints; value is NULL where it says that there is none.
  ask <- function(command, ...) {
    words <- vapply(c(Sys.getenv("LAUNCHER_BIN", "launcher"), command, "--", ...), shQuote, "", USE.NAMES = FALSE)
    said <- tempfile("launcher-") # its messages, which hold no value
    on.exit(unlink(said))
    bytes <- read_all(pipe(as_it_is(paste(c(words, "2>", shQuote(said)), collapse = " ")), "rb"))
    status <- attr(bytes, "status")
    attr(bytes, "status") <- NULL
    if (is.null(status) || status == 0) return(list(value = bytes))
    if (status == 256 || status == 1) return(list(value = NULL))
    fail(paste(readLines(said, warn = FALSE), collapse = "\n"))
  }

  get_context
})

#' @export
print.launcher_context <- local(envir = baseenv(), function(x, ...) {
  cat("<launcher_context ", x$metadata()$name, ">\n", sep = "")
  invisible(x)
})

#' @export
format.launcher_context <- function(x, ...) "<launcher_context>"
