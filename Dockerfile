# The digest names the index of all platforms. This prints the digest of a newer image:
# docker buildx imagetools inspect golang:1.26-bookworm
FROM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG COMMIT=
RUN make build COMMIT="$COMMIT"

FROM scratch
COPY --from=build /src/build/launcher /launcher
COPY --from=build /src/handler/python/launcher_context.py /launcher_context.py
COPY --from=build /src/handler/node/launcher-context.cjs /launcher-context.cjs
COPY LICENSE THIRD_PARTY_LICENSES.txt /licenses/
USER 65532:65532
ENTRYPOINT ["/launcher", "run", "--"]
