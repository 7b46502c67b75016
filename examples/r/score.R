# A handler written in R. In an image, launcher_context.R is a file beside it.
source("../../handler/r/launcher_context.R")

context <- get_context()
run <- context$metadata()
cat(run$name, " of ", run$project, ", by team ", run$labels$team, "\n", sep = "")
cat("db_name: ", context$get_param("db_name", "test"), "\n", sep = "")

key <- context$get_secret("signing-key") # SIGNING_KEY answers
if (is.null(key)) stop("no SIGNING_KEY")
cat("SIGNING_KEY:", length(strsplit(key, "\n")[[1]]), "lines\n")
cat("API_TOKEN: ", substr(context$get_secret("API_TOKEN"), 1, 1), "***\n", sep = "")
cat("EMPTY:", nchar(context$get_secret("EMPTY")), "characters\n") # an empty value is a value
cat("PROXY_PASSWORD: ", context$get_secret("PROXY_PASSWORD", "none"), "\n", sep = "")
